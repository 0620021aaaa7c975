"""`python -m knowledge [FOLDER]`: read the base and tell every fault; exit 1 where there is one."""

import sys
from pathlib import Path

from knowledge.loader import BrokenBase, load

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    try:
        base = load(folder)
    except BrokenBase as broken:
        sys.exit(str(broken))
    print(f"revision {base.revision}: {len(base.items)} items, {len(base.entries)} entries, no faults")
