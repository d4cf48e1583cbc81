"""``python -m blockrun_llm``: the command, also where the folder of scripts is not on the PATH."""

import sys

from blockrun_llm._command import main

sys.exit(main())
