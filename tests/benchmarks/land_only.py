"""Time inside `land`, its helper processes included, without the interpreter's start. FOLDER LAKE [SOURCE]"""

from __future__ import annotations

import sys
import time

from transforms.land import land
from transforms.settings import Settings

if __name__ == "__main__":
    settings = Settings.from_env(lake=sys.argv[2])
    started = time.perf_counter()
    land(settings, sys.argv[3] if len(sys.argv) > 3 else "aws_cloudtrail", sys.argv[1])
    print(time.perf_counter() - started)
