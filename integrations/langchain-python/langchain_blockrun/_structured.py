"""Answers in a form: by a tool, by OpenAI's JSON schema, or in its JSON mode."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.openai_tools import (
    JsonOutputKeyToolsParser,
    PydanticToolsParser,
)
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import (
    convert_to_json_schema,
    convert_to_openai_function,
)
from langchain_core.utils.pydantic import is_basemodel_subclass

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel, LanguageModelInput

METHODS = ("function_calling", "json_schema", "json_mode")


def structured(
    model: BaseChatModel,
    schema: dict[str, Any] | type | None,
    method: str,
    *,
    include_raw: bool,
    strict: bool | None,
    **kwargs: Any,
) -> Runnable[LanguageModelInput, Any]:
    """The model that is asked for a form, and what reads its answer.

    Raises:
        ValueError: An unknown method, or a schema that is missing.
    """
    if method not in METHODS:
        raise ValueError(f"method: {method!r} is none of {', '.join(METHODS)}")
    if schema is None and method != "json_mode":
        raise ValueError(f"schema: {method} needs one; or give method='json_mode'")
    # What tracers show.
    kwargs["ls_structured_output_format"] = {
        "kwargs": {"method": method},
        "schema": None if schema is None else convert_to_json_schema(schema),
    }
    bound: Runnable[LanguageModelInput, Any]
    if method == "function_calling":
        assert schema is not None  # noqa: S101 -- checked above
        bound = model.bind_tools([schema], tool_choice="any", strict=strict, **kwargs)
    else:
        bound = model.bind(response_format=_format(schema, method, strict), **kwargs)
    parser = _parser(schema, method)
    if not include_raw:
        return bound | parser
    parsed = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | parser, parsing_error=lambda _: None
    )
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=bound) | parsed.with_fallbacks([failed], exception_key="parsing_error")


def _parser(schema: Any, method: str) -> Runnable[Any, Any]:
    typed = isinstance(schema, type) and is_basemodel_subclass(schema)
    if method != "function_calling":
        return PydanticOutputParser(pydantic_object=schema) if typed else JsonOutputParser()
    if typed:
        return PydanticToolsParser(tools=[schema], first_tool_only=True)
    name = convert_to_openai_function(schema)["name"]
    return JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)


def _format(schema: Any, method: str, strict: bool | None) -> dict[str, Any]:
    if method == "json_mode":
        return {"type": "json_object"}
    function = convert_to_openai_function(schema, strict=strict)
    asked = {"name": function["name"], "schema": function["parameters"]}
    if strict is not None:
        asked["strict"] = strict
    return {"type": "json_schema", "json_schema": asked}
