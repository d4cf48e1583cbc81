"""A router over paid models: what is not to be had is asked of another one, and all is counted."""

import litellm

import blockrun_litellm
from blockrun_llm import LLMClient

purse = LLMClient(max_session_cost="0.01")
blockrun_litellm.register(purse)

models = {"cheap": "blockrun/openai/gpt-4o-mini", "other": "blockrun/deepseek/deepseek-chat"}
router = litellm.Router(
    model_list=[
        {"model_name": name, "litellm_params": {"model": model, "max_tokens": 300}}
        for name, model in models.items()
    ],
    fallbacks=[{"cheap": ["other"]}],
)
for question in ("Count to 3", "What is 6 * 7?"):
    answer = router.completion("cheap", [{"role": "user", "content": question}])
    print(answer.choices[0].message.content, f"${answer._hidden_params['response_cost']}")
print(f"${purse.get_spending()['total_usd']} of $0.01")
