/// Makes a struct an object in JSON, with a schema. A field of type `Option` may be missing;
/// other fields of the input are ignored.
///
/// ```
/// wexec::object! {
///     /// The sides of a right triangle.
///     #[derive(Debug)]
///     pub struct Triangle {
///         a: f64,
///         b: f64,
///     }
/// }
/// ```
#[macro_export]
macro_rules! object {
    ($(#[$meta:meta])* $visible:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_visible:vis $field:ident : $type:ty),* $(,)?
    }) => {
        $(#[$meta])*
        $visible struct $name {
            $($(#[$field_meta])* $field_visible $field: $type),*
        }

        impl $crate::Value for $name {
            const SCHEMA: &'static $crate::manifest::Schema = &$crate::manifest::Schema::Object(&[
                $($crate::manifest::Field {
                    name: $crate::manifest::plain(stringify!($field)),
                    schema: <$type as $crate::Value>::SCHEMA,
                    required: <$type as $crate::Value>::REQUIRED,
                }),*
            ]);

            #[allow(unused_variables)]
            fn read(from: &mut $crate::json::Reader) -> $crate::Result<Self> {
                $(let mut $field = <$type as $crate::Value>::missing();)*
                from.object(|from, name| {
                    $(if name == $crate::manifest::plain(stringify!($field)) {
                        $field = Some(<$type as $crate::Value>::read(from)?);
                        return Ok(());
                    })*
                    from.skip()
                })?;
                Ok(Self {
                    $($field: $field.ok_or_else(|| {
                        from.want(concat!("a field \"", stringify!($field), "\" of the object"))
                    })?),*
                })
            }
        }

        impl $crate::json::Write for $name {
            fn write(&self, to: &mut Vec<u8>) {
                $crate::json::Object::new(to)
                    $(.field($crate::manifest::plain(stringify!($field)), &self.$field))*
                    .end();
            }
        }
    };
}
