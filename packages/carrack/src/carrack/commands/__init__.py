"""The verbs. They know the model and the ports, never an adapter."""
