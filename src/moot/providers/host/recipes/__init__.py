"""What a recipe is made of on a machine: packages, users, files, rules, scripts, existing tools."""

from __future__ import annotations

from moot.providers.host.recipes.handler import RecipeHandler
from moot.providers.host.recipes.provisioning import provisioned
from moot.providers.host.recipes.schemas import RECIPE_SCHEMAS

__all__ = ["RECIPE_SCHEMAS", "RecipeHandler", "provisioned"]
