"""How tracked masks agree with drawn boxes; `python -m core.eval.box_agreement` measures it."""
