"""The values that every layer speaks of; imports nothing of ours."""
