"""A run of a view as OpenLineage events: one when it started, and one when it ended."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

import duckdb
from openlineage.client import event_v2 as ol
from openlineage.client.facet_v2 import (
    BaseFacet,
    DatasetFacet,
    JobFacet,
    RunFacet,
    column_lineage_dataset,
    dataset_type_dataset,
    dataset_version_dataset,
    datasource_dataset,
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    processing_engine_run,
    schema_dataset,
    sql_job,
    tags_run,
)
from openlineage.client.uuid import generate_static_uuid

import cocosql
from cocosql.openlineage.datasets import Dataset, Places, label
from cocosql.openlineage.history import Columns, History, LineageRow, Run, View, sources_in
from cocosql.secrets import redacted

PRODUCER = f"pkg:pypi/cocosql@{cocosql.__version__}"

_ENDS = {"succeeded": ol.RunState.COMPLETE, "failed": ol.RunState.FAIL, "killed": ol.RunState.ABORT}
_FAILED_FOR = re.compile(r"function (\w+) failed for ")
_MORE = re.compile(r"\n(\d+ calls failed): [^\n]*$")
_TRACEBACK = "Traceback (most recent call last):"

Facet = TypeVar("Facet", bound=BaseFacet)


class Events:
    """Makes the events of the runs of one database."""

    def __init__(self, history: History, namespace: str | None) -> None:
        self._history = history
        self._places: Places = history.places(namespace)
        self._views = history.views()
        self._materialized = {self._places.table(view.schema, view.name) for view in self._views.values()}
        self._columns = cache(history.columns)
        self._lineage: dict[str, list[LineageRow]] = {}

    def of(self, run: Run) -> tuple[ol.RunEvent, ol.RunEvent]:
        """The events of a run that has ended. The id of the run is the same each time."""
        view = self._view(run)
        read = [dataset for source in self._sources(run, view) for dataset in self._places.read(source)]
        inputs = list(dict.fromkeys(read))
        output = self._output(run, view)
        started = self._event(
            ol.RunState.START,
            run,
            run.started_at,
            inputs=[ol.InputDataset(one.namespace, one.name) for one in inputs],
            outputs=[ol.OutputDataset(output.namespace, output.name)],
        )
        ended = self._event(
            _ENDS[run.status],
            run,
            run.finished_at or run.started_at,
            inputs=[ol.InputDataset(one.namespace, one.name, facets=self._described(one)) for one in inputs],
            outputs=[self._written(run, view, output)],
        )
        return started, ended

    def _view(self, run: Run) -> View | None:
        """The view, if it has the query that the run was of: what is known of it holds for the run."""
        view = self._views.get(run.view)
        return view if view is not None and view.query == run.query else None

    def _sources(self, run: Run, view: View | None) -> list[str]:
        if view is not None and view.sources:
            return view.sources
        return sources_in(run.query) if run.query else []

    def _output(self, run: Run, view: View | None) -> Dataset:
        known = view or self._views.get(run.view)
        if known is not None:
            return self._places.table(known.schema, known.name)
        schema, dot, name = run.view.partition(".")
        return self._places.table(schema, name) if dot else self._places.table("main", run.view)

    def _event(self, state: ol.RunState, run: Run, moment: datetime, **datasets: Any) -> ol.RunEvent:
        namespace = self._places.of(self._places.database)
        job = self._output(run, None).name
        run_id = generate_static_uuid(run.started_at, f"{namespace}\0{run.run_id}".encode())
        return ol.RunEvent(
            eventType=state,
            eventTime=moment.isoformat(),
            producer=PRODUCER,
            run=ol.Run(str(run_id), facets=dict(_run_facets(run, state))),
            job=ol.Job(namespace, job, facets=dict(_job_facets(run))),
            **datasets,
        )

    def _described(self, dataset: Dataset) -> dict[str, DatasetFacet]:
        return self._facets(dataset, self._columns(dataset.relation) if dataset.relation else [])

    def _facets(self, dataset: Dataset, columns: Columns) -> dict[str, DatasetFacet]:
        facets = dict(_dataset_facets(dataset, columns))
        if dataset in self._materialized:
            facets["datasetType"] = _made(
                dataset_type_dataset.DatasetTypeDatasetFacet, datasetType="VIEW", subType="MATERIALIZED"
            )
        return facets

    def _written(self, run: Run, view: View | None, output: Dataset) -> ol.OutputDataset:
        facets = self._facets(output, view.columns if view else [])
        if view is not None:
            lineage = self._column_lineage(run.view, view)
            if lineage is not None:
                facets["columnLineage"] = lineage
        if run.status != "succeeded":
            return ol.OutputDataset(output.namespace, output.name, facets=facets)
        facets["version"] = _made(dataset_version_dataset.DatasetVersionDatasetFacet, datasetVersion=str(run.version))
        written = _made(
            output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet, rowCount=run.rows_written or 0
        )
        return ol.OutputDataset(
            output.namespace, output.name, facets=facets, outputFacets={"outputStatistics": written}
        )

    def _column_lineage(self, name: str, view: View) -> column_lineage_dataset.ColumnLineageDatasetFacet | None:
        datasets = {label(source): self._places.read(source) for source in reversed(view.sources)}
        if name not in self._lineage:
            self._lineage[name] = self._history.column_lineage(view)
        fields: dict[str | None, dict[tuple[Dataset, str], list[LineageRow]]] = {}
        for row in self._lineage[name]:
            column, source, source_column, *_ = row
            for dataset in datasets.get(source or "", []):
                if source_column is not None:
                    fields.setdefault(column, {}).setdefault((dataset, source_column), []).append(row)
        if not fields:
            return None
        everywhere = _input_fields(fields.pop(None, {}))
        columns = {
            column: column_lineage_dataset.Fields(_input_fields(found))
            for column, found in fields.items()
            if column is not None
        }
        return _made(column_lineage_dataset.ColumnLineageDatasetFacet, fields=columns, dataset=everywhere)


def _input_fields(found: dict[tuple[Dataset, str], list[LineageRow]]) -> list[column_lineage_dataset.InputField]:
    return [
        column_lineage_dataset.InputField(
            dataset.namespace, dataset.name, column, [_transformation(row) for row in rows]
        )
        for (dataset, column), rows in found.items()
    ]


def _transformation(row: LineageRow) -> column_lineage_dataset.Transformation:
    *_, expression, influence, kind = row
    return column_lineage_dataset.Transformation(
        type=influence.upper(),
        subtype=kind.upper().replace(" ", "_"),
        description=redacted(expression or ""),
        masking=False,
    )


def _dataset_facets(dataset: Dataset, columns: Columns) -> Iterator[tuple[str, DatasetFacet]]:
    yield "dataSource", _made(datasource_dataset.DatasourceDatasetFacet, name=dataset.namespace, uri=dataset.uri)
    if dataset.kind is not None:
        yield "datasetType", _made(dataset_type_dataset.DatasetTypeDatasetFacet, datasetType=dataset.kind)
    if columns:
        fields = [
            schema_dataset.SchemaDatasetFacetFields(name, kind, ordinal_position=position)
            for position, (name, kind) in enumerate(columns, start=1)
        ]
        yield "schema", _made(schema_dataset.SchemaDatasetFacet, fields=fields)


def _run_facets(run: Run, state: ol.RunState) -> Iterator[tuple[str, RunFacet]]:
    yield (
        "processing_engine",
        _made(
            processing_engine_run.ProcessingEngineRunFacet,
            version=duckdb.__version__,
            name="DuckDB",
            openlineageAdapterVersion=cocosql.__version__,
        ),
    )
    if run.functions:
        tags = [
            tags_run.TagsRunFacetFields(f"code version of {name}", version, "cocosql")
            for name, version in sorted(run.functions.items())
        ]
        yield "tags", _made(tags_run.TagsRunFacet, tags=tags)
    if run.error and state is ol.RunState.FAIL:
        message, trace = _error(run.error)
        language = "PYTHON" if trace else "SQL"
        yield (
            "errorMessage",
            _made(
                error_message_run.ErrorMessageRunFacet, message=message, programmingLanguage=language, stackTrace=trace
            ),
        )


def _job_facets(run: Run) -> Iterator[tuple[str, JobFacet]]:
    yield (
        "jobType",
        _made(job_type_job.JobTypeJobFacet, processingType="BATCH", integration="COCOSQL", jobType="REFRESH"),
    )
    if run.query:
        yield "sql", _made(sql_job.SQLJobFacet, query=redacted(run.query), dialect="duckdb")


def _error(text: str) -> tuple[str, str | None]:
    """What happened, and the traceback; without the row and the arguments that it happened for."""
    text = redacted(text)
    before, found, trace = text.partition(_TRACEBACK)
    failed = _FAILED_FOR.search(before)
    if failed is None:
        return text, None
    if not found:
        return f"function {failed[1]} failed: coco_errors() says why", None
    trace, *more = _MORE.split(trace)
    *_, last = trace.strip().splitlines()
    return f"function {failed[1]} failed: {last}{f' ({more[0]})' if more else ''}", f"{found}{trace}".strip()


def _made(kind: type[Facet], **values: Any) -> Facet:
    return kind(producer=PRODUCER, **values)
