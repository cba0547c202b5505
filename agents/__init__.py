"""How the assistant thinks: routes, calls tools, prompts the model and words its replies."""
