"""The fixtures of `tests/python`: a plain environment, a wallet home, the practice gateway."""

import os

# LiteLLM asks GitHub for prices when it is imported; those that come with it will do.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

from fixtures import _plain_environment, gateway

__all__ = ["_plain_environment", "gateway"]
