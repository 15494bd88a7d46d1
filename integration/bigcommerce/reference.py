"""What a store says about itself and its catalog, as far as we use it."""

from __future__ import annotations

from dataclasses import dataclass

from integration.bigcommerce.fields import Fields


@dataclass(frozen=True, slots=True)
class StoreProfile:
    """The store: ``time_zone`` is an IANA name, ``status`` is ``live`` where shoppers may buy."""

    name: str
    domain: str
    status: str
    time_zone: str
    currency: str
    default_channel_id: int


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """One order status. Ids never change; ``label`` is the merchant's word for it."""

    id: int
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A sales channel, as orders name it in ``channel_id``."""

    id: int
    name: str
    type: str
    platform: str
    status: str


@dataclass(frozen=True, slots=True)
class Location:
    """A place that holds stock."""

    id: int
    code: str
    label: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency that the store shows; ``is_transactional`` where shoppers pay in it too."""

    code: str
    name: str
    is_default: bool
    is_transactional: bool
    enabled: bool


@dataclass(frozen=True, slots=True)
class StockSetting:
    """When orders move stock: ``moves_at`` is ``order_placed`` or ``order_completed_or_shipped``."""

    moves_at: str
    follows_edits: bool
    follows_refunds: bool


@dataclass(frozen=True, slots=True)
class Variant:
    """What is bought and stocked; a product without options has one variant, its base variant."""

    id: int
    product_id: int
    sku: str
    upc: str
    purchasing_disabled: bool


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the catalog; ``parent_id`` 0 is the top."""

    id: int
    parent_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Metafield:
    """A value that an API account keeps with an order; others do not see it."""

    id: int
    namespace: str
    key: str
    value: str


def parse_profile(data: object) -> StoreProfile:
    """Read the answer of ``GET /v2/store``."""
    store = Fields(data, "the store's profile")
    return StoreProfile(
        name=store.text("name"),
        domain=store.text("domain"),
        status=store.text("status"),
        time_zone=store.part("timezone").text("name"),
        currency=store.text("currency"),
        default_channel_id=store.whole("default_channel_id", 1),
    )


def parse_status(data: object) -> OrderStatus:
    """Read one of ``GET /v2/order_statuses``."""
    status = Fields(data, "an order status")
    name = status.text("system_label") or status.text("name")
    return OrderStatus(status.whole("id"), name, status.text("custom_label") or name)


def parse_channel(data: object) -> Channel:
    """Read one of ``GET /v3/channels``."""
    channel = Fields(data, "a channel")
    return Channel(
        channel.whole("id"),
        channel.text("name"),
        channel.text("type"),
        channel.text("platform"),
        channel.text("status"),
    )


def parse_location(data: object) -> Location:
    """Read one of ``GET /v3/inventory/locations``."""
    location = Fields(data, "a location")
    return Location(
        location.whole("id"), location.text("code"), location.text("label"), location.flag("enabled")
    )


def parse_currency(data: object) -> Currency:
    """Read one of ``GET /v2/currencies``."""
    currency = Fields(data, "a currency")
    return Currency(
        currency.text("currency_code"),
        currency.text("name"),
        currency.flag("is_default"),
        currency.flag("is_transactional"),
        currency.flag("enabled"),
    )


def parse_stock_setting(data: object) -> StockSetting:
    """Read the answer of ``GET /v3/settings/inventory``."""
    setting = Fields(data, "the stock setting")
    return StockSetting(
        setting.text("update_stock_behavior"),
        setting.flag("edit_order_stock_adjustment"),
        setting.flag("refund_order_stock_adjustment"),
    )


def parse_variant(data: object) -> Variant:
    """Read one of ``GET /v3/catalog/variants``."""
    variant = Fields(data, "a variant")
    return Variant(
        variant.whole("id"),
        variant.whole("product_id"),
        variant.text("sku"),
        variant.text("upc"),
        variant.flag("purchasing_disabled"),
    )


def parse_category(data: object) -> Category:
    """Read one of ``GET /v3/catalog/trees/categories``."""
    category = Fields(data, "a category")
    return Category(category.whole("category_id"), category.whole("parent_id", 0), category.text("name"))


def parse_product_categories(data: object) -> tuple[int, tuple[int, ...]]:
    """Read id and categories of one of ``GET /v3/catalog/products``."""
    product = Fields(data, "a product")
    number = product.whole("id")
    product.where = f"product {number}"
    return number, product.wholes("categories")


def parse_customer_group(data: object) -> tuple[int, int]:
    """Read id and group of one of ``GET /v3/customers``; group 0 is none."""
    customer = Fields(data, "a customer")
    return customer.whole("id"), customer.whole("customer_group_id", 0)


def parse_metafield(data: object, order: int) -> Metafield:
    """Read one of ``GET /v3/orders/{id}/metafields``."""
    field = Fields(data, f"a metafield of order {order}")
    return Metafield(field.whole("id"), field.text("namespace"), field.text("key"), field.text("value"))
