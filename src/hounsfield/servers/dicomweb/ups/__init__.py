"""UPS-RS: the worklist service with its subscriptions and notifications (PS3.18 chapter 11 and 8.10)."""
