//! Reads settings as any type that serde knows, one value or all keys below a prefix.

use std::collections::BTreeSet;

use serde::de::value::StringDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::Settings;
use super::value::{Fault, Resolved};
use crate::snapshot::{Text, schema};

/// A key to be read, which may be a leaf or an inner node.
pub(super) struct Node<'a> {
    pub(super) settings: &'a Settings,
    pub(super) key: &'a str,
}

/// What a key is.
enum Content<'a> {
    Leaf(std::borrow::Cow<'a, Resolved>),
    /// The next parts of the names of the keys below it.
    Inner(Vec<String>),
    Missing,
}

impl<'a> Node<'a> {
    fn content(&self) -> Content<'a> {
        if let Some(effective) = self.settings.values.get(self.key) {
            return Content::Leaf(std::borrow::Cow::Borrowed(&effective.value));
        }
        if let Some(known) = schema::find(self.key).filter(|known| !known.default.is_empty()) {
            return Content::Leaf(std::borrow::Cow::Owned(Resolved::Outside(Text::Borrowed(known.default))));
        }
        let names = self.names();
        if names.is_empty() { Content::Missing } else { Content::Inner(names) }
    }

    fn names(&self) -> Vec<String> {
        let inside = |name: &'static str| name.strip_prefix(self.key)?.strip_prefix('.');
        let defaults =
            schema::KEYS.iter().filter(|known| !known.default.is_empty()).filter_map(|known| inside(known.name));
        let names = self.settings.below(self.key).chain(defaults).filter_map(|rest| rest.split('.').next());
        let names: BTreeSet<&str> = names.filter(|name| !name.contains('*')).collect();
        names.into_iter().map(str::to_string).collect()
    }

    fn leaf<R>(&self, read: impl FnOnce(&Resolved) -> Option<R>, expected: &str) -> Result<R, Fault> {
        match self.content() {
            Content::Leaf(value) => read(&value).ok_or_else(|| value.is_not(expected)),
            Content::Inner(_) => Err(Fault::Value(format!("has keys below it and must be {expected}"))),
            Content::Missing => Err(Fault::Missing),
        }
    }
}

macro_rules! forward_leaf {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.content() {
                Content::Leaf(value) => Value(&value).$method(visitor),
                Content::Inner(_) => self.deserialize_any(visitor),
                Content::Missing => Err(Fault::Missing),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.content() {
            Content::Leaf(value) => Value(&value).deserialize_any(visitor),
            Content::Inner(names) => {
                visitor.visit_map(Below { node: self, names: names.into_iter(), name: String::new() })
            }
            Content::Missing => Err(Fault::Missing),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.content() {
            Content::Missing => visitor.visit_none(),
            Content::Leaf(value) if *value == Resolved::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_string(self.leaf(Resolved::as_text, "a text")?.into_owned())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.content() {
            Content::Leaf(value) => Value(&value).deserialize_enum(name, variants, visitor),
            _ => Err(Fault::Missing),
        }
    }

    forward_leaf! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_seq deserialize_map deserialize_unit deserialize_identifier
        deserialize_bytes deserialize_byte_buf
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}

/// The keys below an inner node.
struct Below<'a> {
    node: Node<'a>,
    names: std::vec::IntoIter<String>,
    name: String,
}

impl<'de> MapAccess<'de> for Below<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some(name) = self.names.next() else { return Ok(None) };
        self.name.clone_from(&name);
        seed.deserialize(IntoDeserializer::<Fault>::into_deserializer(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let key = format!("{}.{}", self.node.key, self.name);
        let node = Node { settings: self.node.settings, key: &key };
        seed.deserialize(node).map_err(|fault| match fault {
            Fault::Value(text) => Fault::Value(format!("has below it `{key}`, which {text}")),
            Fault::Missing => Fault::Value(format!("lacks `{key}`")),
        })
    }
}

/// A value without a key of its own.
struct Value<'a>(&'a Resolved);

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            visitor.visit_i64(self.0.as_integer().ok_or_else(|| self.0.is_not("a whole number"))?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Resolved::Null => visitor.visit_unit(),
            Resolved::Bool(value) => visitor.visit_bool(*value),
            Resolved::Integer(value) => visitor.visit_i64(*value),
            Resolved::Float(value) => visitor.visit_f64(*value),
            Resolved::Text(text) | Resolved::Outside(text) => visitor.visit_str(text),
            Resolved::List(items) => visitor.visit_seq(Items(items.iter())),
            Resolved::Map(pairs) => visitor.visit_map(Pairs { pairs: pairs.iter(), value: &Resolved::Null }),
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_bool(self.0.as_bool().ok_or_else(|| self.0.is_not("`true` or `false`"))?)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_f64(self.0.as_float().ok_or_else(|| self.0.is_not("a number"))?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(&self.0.as_text().ok_or_else(|| self.0.is_not("a text"))?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Resolved::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let items = self.0.as_items().ok_or_else(|| self.0.is_not("a list"))?;
        visitor.visit_seq(Items(items.iter()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let text = self.0.as_text().ok_or_else(|| self.0.is_not("a text"))?;
        let text: StringDeserializer<Fault> = text.into_owned().into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        bytes byte_buf unit unit_struct map struct identifier ignored_any
    }
}

struct Items<'a>(std::slice::Iter<'a, Resolved>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        self.0.next().map(|item| seed.deserialize(Value(item))).transpose()
    }
}

struct Pairs<'a> {
    pairs: std::slice::Iter<'a, (Text, Resolved)>,
    value: &'a Resolved,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, value)) = self.pairs.next() else { return Ok(None) };
        self.value = value;
        seed.deserialize(IntoDeserializer::<Fault>::into_deserializer(&**key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        seed.deserialize(Value(self.value))
    }
}
