"""For model services and consumers of rvo-tui: rvo.detect.v1, rvo.service and rvo.models."""
