//! Reads settings as any type that serde knows: all keys below a prefix here, one value in [`leaf`].

mod leaf;

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};

use leaf::Leaf;

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
    Leaf(Cow<'a, Resolved>),
    /// The next parts of the names of the keys below it.
    Inner(Vec<String>),
    Missing,
}

impl<'a> Node<'a> {
    fn content(&self) -> Content<'a> {
        if let Some(effective) = self.settings.values.get(self.key) {
            return Content::Leaf(Cow::Borrowed(&effective.value));
        }
        if let Some(default) = schema::find(self.key).and_then(super::default) {
            return Content::Leaf(Cow::Owned(Resolved::Outside(Text::Borrowed(default))));
        }
        let names = self.names();
        if names.is_empty() { Content::Missing } else { Content::Inner(names) }
    }

    fn names(&self) -> Vec<String> {
        let inside = |name: &'static str| name.strip_prefix(self.key)?.strip_prefix('.');
        let defaults = schema::KEYS.iter().filter(|known| super::default(known).is_some());
        let defaults = defaults.filter_map(|known| inside(known.name));
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
                Content::Leaf(value) => Leaf(&value).$method(visitor),
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
            Content::Leaf(value) => Leaf(&value).deserialize_any(visitor),
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
            Content::Leaf(value) => Leaf(&value).deserialize_enum(name, variants, visitor),
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
