"""What an agent may spend, and who is asked. Limits by hour and day hold for all programs."""

from blockrun_llm import LLMClient, PaymentError, PaymentRequest, SpendLimitError

careful = LLMClient(max_cost_per_call="0.0005", max_cost_per_day=5)
try:
    careful.chat("Hello!")
except SpendLimitError as error:
    print(f"{error.scope}: ${error.quoted_usd} is more than ${error.limit_usd}")


def agree(payment: PaymentRequest) -> bool:
    print(f"${payment.amount_usd} to {payment.payee} for {payment.model}?")
    return payment.model != "openai/gpt-4o"


asking = LLMClient(on_payment=agree)
print(asking.chat("Hello!"))
try:
    asking.chat("openai/gpt-4o", "Hello!")
except PaymentError as error:
    print(f"refused, {error.payment.state}")

print(f"a longer answer would cost ${asking.quote('Hello!', max_tokens=5_000).amount_usd}")
