//! Findings as bytes: numbers little-endian, one after another, lists with their length before.
//! Nothing is rounded, so what is read is what was written to the bit.

use evidence::SourceId;

/// What can be written and read.
pub(super) trait Form: Sized {
    fn write(&self, to: &mut Vec<u8>);
    /// `None` if the bytes end too early or mean nothing.
    fn read(from: &mut Bytes) -> Option<Self>;
}

/// Bytes that are still to be read.
pub(super) struct Bytes<'a>(pub &'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (now, later) = self.0.split_first_chunk::<N>()?;
        self.0 = later;
        Some(*now)
    }
}

macro_rules! number {
    ($($type:ty),*) => {$(
        impl Form for $type {
            fn write(&self, to: &mut Vec<u8>) {
                to.extend(self.to_le_bytes());
            }

            fn read(from: &mut Bytes) -> Option<Self> {
                from.take().map(Self::from_le_bytes)
            }
        }
    )*};
}

number!(u32, u64, f32, f64);

impl Form for SourceId {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend(self.0);
    }

    fn read(from: &mut Bytes) -> Option<Self> {
        from.take().map(Self)
    }
}

impl<T: Form> Form for Vec<T> {
    fn write(&self, to: &mut Vec<u8>) {
        (self.len() as u32).write(to);
        for item in self {
            item.write(to);
        }
    }

    fn read(from: &mut Bytes) -> Option<Self> {
        let count = u32::read(from)?;
        (0..count).map(|_| T::read(from)).collect()
    }
}

impl<T: Form + Copy + Default, const N: usize> Form for [T; N] {
    fn write(&self, to: &mut Vec<u8>) {
        for item in self {
            item.write(to);
        }
    }

    fn read(from: &mut Bytes) -> Option<Self> {
        let mut items = [T::default(); N];
        for item in &mut items {
            *item = T::read(from)?;
        }
        Some(items)
    }
}

impl<T: Form> Form for Option<T> {
    fn write(&self, to: &mut Vec<u8>) {
        to.push(u8::from(self.is_some()));
        if let Some(item) = self {
            item.write(to);
        }
    }

    fn read(from: &mut Bytes) -> Option<Self> {
        match from.take()? {
            [0] => Some(None),
            [1] => T::read(from).map(Some),
            _ => None,
        }
    }
}

impl<A: Form, B: Form> Form for (A, B) {
    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
        self.1.write(to);
    }

    fn read(from: &mut Bytes) -> Option<Self> {
        A::read(from).zip(B::read(from))
    }
}

/// A struct as its fields, one after another.
macro_rules! form {
    ($name:ident { $($field:ident),* }) => {
        impl $crate::findings::form::Form for $name {
            fn write(&self, to: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($crate::findings::form::Form::write($field, to);)*
            }

            fn read(from: &mut $crate::findings::form::Bytes) -> Option<Self> {
                Some(Self { $($field: $crate::findings::form::Form::read(from)?),* })
            }
        }
    };
}

pub(super) use form;
