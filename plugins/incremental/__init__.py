"""Renders only the pages whose reads changed; what it replaces of Pelican."""
