"""The emitter: traffic to try things on, and the sinks it is sent to."""
