"""EventBridge-shaped events: made with the change of state they tell of, delivered in order, at least once."""
