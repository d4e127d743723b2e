"""Tests of the emulator: each drives the running server by boto3 or plain HTTP, as the acceptance tests do."""
