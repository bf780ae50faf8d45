"""The application that uvicorn serves."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, HTTPException, Query
from pydantic import BaseModel, Field

from .factors import FACTORS, convert

app = FastAPI(title="Units", version="1.0.0")


class Wanted(BaseModel):
    """A conversion that is asked for."""

    amount: float = Field(ge=0)
    source: str
    target: str


class Converted(Wanted):
    """A conversion with its result."""

    result: float


@app.get("/")
def index() -> dict[str, list[str]]:
    return {quantity: sorted(units) for quantity, units in FACTORS.items()}


@app.get("/convert/{quantity}")
def get_conversion(quantity: str, wanted: Annotated[Wanted, Query()]) -> Converted:
    return answer(quantity, wanted)


@app.post("/convert/{quantity}")
def answer(quantity: str, wanted: Wanted) -> Converted:
    try:
        result = convert(quantity, wanted.amount, wanted.source, wanted.target)
    except KeyError as error:
        raise HTTPException(404, f"{error.args[0]} is not known") from error
    return Converted(**wanted.model_dump(), result=result)


@app.get("/healthz")
def health() -> dict[str, str]:
    return {"status": "ok"}
