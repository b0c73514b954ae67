"""How Japanese is written and set: dates, numbers, line breaks at phrases, and colours with enough contrast. Also the QR code of an address. `plugin` gives templates the filters."""
