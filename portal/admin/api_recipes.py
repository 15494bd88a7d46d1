"""What a tool is given to read by the API: lines for a shell, a query for Power BI, a manifest for Airbyte.

``BASE`` stands for the address below which everything is read. None of it makes up what the API does: a page, its
``next_cursor``, and on until ``has_more`` is false.
"""

from __future__ import annotations

POWER_QUERY = """\
// Power BI Desktop: Get data > Blank query > Advanced editor. When asked how to log in, choose Basic: any name, and the
// token as password. It is kept by Power BI and stands in no query.
let
    Base = "BASE",
    Resource = "orders/",
    Page = (cursor as nullable text) as record =>
        Json.Document(
            Web.Contents(
                Base,
                [
                    RelativePath = Resource,
                    Query = if cursor = null then [limit = "1000"] else [limit = "1000", cursor = cursor]
                ]
            )
        ),
    Pages = List.Generate(
        () => [page = Page(null), goes_on = true],
        each [goes_on],
        each [
            goes_on = [page][has_more],
            page = if goes_on then Page([page][next_cursor]) else null
        ],
        each [page][data]
    ),
    Rows = List.Combine(Pages),
    Table = if List.IsEmpty(Rows) then #table({"id"}, {}) else Table.FromRecords(Rows, null, MissingField.UseNull),
    // A row that changed while the pages were read comes twice: the later one holds.
    Latest = Table.Distinct(Table.Buffer(Table.Sort(Table, {{"updated_at", Order.Descending}})), {"id"})
in
    Latest
"""

AIRBYTE = """\
# Airbyte: Builder > New connector > YAML. Give the token as the input "api_key" when the source is set up.
version: 6.0.0
type: DeclarativeSource
check: {type: CheckStream, stream_names: [orders]}
streams:
  - type: DeclarativeStream
    name: orders
    primary_key: [id]
    schema_loader:
      type: InlineSchemaLoader
      schema:
        type: object
        additionalProperties: true
        properties:
          id: {type: integer}
          updated_at: {type: string, format: date-time}
    incremental_sync:
      type: DatetimeBasedCursor
      cursor_field: updated_at
      datetime_format: "%Y-%m-%dT%H:%M:%S.%fZ"
      cursor_datetime_formats: ["%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"]
      start_datetime: {type: MinMaxDatetime, datetime: "2000-01-01T00:00:00.000000Z", datetime_format: "%Y-%m-%dT%H:%M:%S.%fZ"}
      lookback_window: PT1H
      start_time_option: {type: RequestOption, field_name: updated_since, inject_into: request_parameter}
    retriever:
      type: SimpleRetriever
      record_selector:
        type: RecordSelector
        extractor: {type: DpathExtractor, field_path: [data]}
      requester:
        type: HttpRequester
        url_base: BASE
        path: orders/
        http_method: GET
        request_parameters: {limit: "1000"}
        authenticator: {type: BearerAuthenticator, api_token: "{{ config['api_key'] }}"}
        error_handler:
          type: DefaultErrorHandler
          backoff_strategies: [{type: WaitTimeFromHeader, header: Retry-After}]
      paginator:
        type: DefaultPaginator
        page_token_option: {type: RequestOption, field_name: cursor, inject_into: request_parameter}
        pagination_strategy:
          type: CursorPagination
          cursor_value: "{{ response['next_cursor'] }}"
          stop_condition: "{{ not response['has_more'] }}"
spec:
  type: Spec
  connection_specification:
    type: object
    required: [api_key]
    properties:
      api_key: {type: string, title: Token, airbyte_secret: true, order: 0}
"""


def curl(base: str, token: str, resource: str, *, has_cursor: bool) -> list[tuple[str, str]]:
    """Return requests with what each is for: the first page, what changed since, all of it as a table, and as a file that is
    written in the background.

    Without ``has_cursor`` it is counted as it is asked for: the second is of another period, and there is no such file.
    """
    ask = f"curl -sS -H 'Authorization: Bearer {token}'"
    if token.startswith("$"):
        ask = f'curl -sS -H "Authorization: Bearer {token}"'
    going_on = (
        ("What changed behind them: its next_cursor in place of CURSOR", "cursor=CURSOR")
        if has_cursor
        else ("Of another period", "period=2026-Q3")
    )
    found = [
        ("The first rows", f"{ask} '{base}{resource}/?limit=5'"),
        (going_on[0], f"{ask} '{base}{resource}/?{going_on[1]}'"),
        ("All of it as CSV", f"{ask} '{base}{resource}/?format=csv' -o {resource}.csv"),
    ]
    return [*found, _export(ask, base, resource)] if has_cursor else found


def _export(ask: str, base: str, resource: str) -> tuple[str, str]:
    body = f'{{"resource": "{resource.replace("-", "_")}"}}'
    return (
        "A large list, written in the background: look at its links.self until state is done, then take links.file",
        f"{ask} -H 'Content-Type: application/json' -H \"Idempotency-Key: $(date +%s)\" -d '{body}' '{base}exports/'",
    )
