"""Why a placement cannot be, what would help, and why not elsewhere."""
