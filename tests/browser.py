"""What tests in a real browser share."""

from __future__ import annotations

from typing import Any

SETTLED_MS = 1000  # Chromium hands what a page stores to another process, which may be busy.


def reload(page: Any) -> None:
    """Load a page again, once the browser has what the page stored."""
    page.wait_for_timeout(SETTLED_MS)
    page.reload()
