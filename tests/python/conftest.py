from fixtures import _plain_environment, gateway

__all__ = ["_plain_environment", "gateway"]
