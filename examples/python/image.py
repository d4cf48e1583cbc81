"""Images: made, paid by the piece, and written to a file."""

import tempfile
from pathlib import Path

from blockrun_llm import LLMClient

client = LLMClient()
print([model["id"] for model in client.list_image_models()])

made = client.image(
    "A lighthouse at dusk", model="openai/dall-e-3", size="1024x1024", response_format="b64_json"
)
for number, image in enumerate(made.data):
    file = Path(tempfile.mkdtemp()) / f"lighthouse-{number}.png"
    file.write_bytes(image.bytes())
    print(f"{file.name}: {file.stat().st_size} bytes, ${made.cost_usd}")
