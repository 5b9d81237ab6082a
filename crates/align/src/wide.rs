//! Compiles kernels for the wide registers of newer processors as well.
//!
//! The program is built for every processor of its kind; loops over numbers that were compiled for
//! the newer ones do twice as many at once. No multiplication is fused with an addition, so every
//! number is the same either way.

/// Defines functions that run as compiled for the widest registers that the processor has.
macro_rules! wide {
    ($(
        $(#[$mark:meta])*
        fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block
    )*) => {$(
        $(#[$mark])*
        fn $name($($argument: $type),*) $(-> $result)? {
            #[allow(clippy::inline_always, reason = "else it is not compiled for what it is called from")]
            #[inline(always)]
            fn as_it_is($($argument: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn with_avx2($($argument: $type),*) $(-> $result)? {
                as_it_is($($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            if std::arch::is_x86_feature_detected!("avx2") {
                #[allow(unsafe_code, reason = "what some processors lack can be called no other way")]
                // SAFETY: this processor has what the function needs.
                return unsafe { with_avx2($($argument),*) };
            }
            as_it_is($($argument),*)
        }
    )*};
}

pub(crate) use wide;
