"""The domain of gateways: work that is handed out, results by the byte, reports as they are said."""
