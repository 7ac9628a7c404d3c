"""Which way is cheapest: the candidates of a problem, their cost, and the choice that can print itself."""
