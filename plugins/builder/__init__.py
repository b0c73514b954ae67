"""From the checkout to output/, whole or not at all."""
