"""Why a value changed, and what that costs."""
