"""Root stores by name, Microsoft's signed trust list, and what a programme's limits mean."""
