"""How available an App will be, as text and as JSON."""

from __future__ import annotations

from moot.model.availability import Outlook, percent
from moot.model.value import JSON


def outlook_line(outlook: Outlook) -> str:
    """One line; "" where nothing is promised and nothing is stated, or nothing stays up."""
    nothing_needed = outlook.least is None and not outlook.unknown
    if nothing_needed or (outlook.promised is None and not outlook.known):
        return ""
    promise = "" if outlook.promised is None else f"promised {percent(outlook.promised)}, "
    return f"Availability: {promise}{_given(outlook)}"


def outlook_json(outlook: Outlook) -> JSON:
    """`availability` in `plan --json` and `why --json`; shares of the time within 0 and 1."""
    return {
        "promised": outlook.promised,
        "least": outlook.least,
        "most": outlook.most if outlook.known else None,
        "components": [
            {"component": name, "most": share if outlook.known else None}
            for name, share in outlook.components
        ],
        "unknown": list(outlook.unknown),
        "limit": outlook.limit,
    }


def _given(outlook: Outlook) -> str:
    limit = f", limited by {outlook.limit}" if outlook.limit else ""
    unknown = f"nothing is known of {', '.join(outlook.unknown)}"
    if outlook.least is not None:
        bound = "" if outlook.least == outlook.most else "at least "
        return f"this placement gives {bound}{percent(outlook.least)} (SLA-implied){limit}"
    if outlook.known:
        most = percent(outlook.most)
        return f"this placement gives at most {most} (SLA-implied){limit}; {unknown}"
    return f"{unknown}: state its `sla` in venues.yaml"
