"""Composite clips: moving silhouettes with real textures over real footage, with exact masks."""
