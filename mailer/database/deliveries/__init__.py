"""Issues and what becomes of them: frozen content, the ledger of deliveries, claims, results, orders."""
