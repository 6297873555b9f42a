//! A task whose input is an object, and which may fail with a code of its own.

use wexec::{Error, Result};

wexec::tasks! {
    /// Returns the longest side of a right triangle.
    blocking hypotenuse,
}

wexec::object! {
    /// The short sides.
    struct Sides {
        a: f64,
        b: f64,
    }
}

const NO_TRIANGLE: i32 = 2;

fn hypotenuse(sides: Sides) -> Result<f64> {
    if sides.a <= 0.0 || sides.b <= 0.0 {
        return Err(Error::fail(NO_TRIANGLE, "a triangle has sides longer than 0"));
    }
    Ok(sides.a.hypot(sides.b))
}

#[cfg(test)]
mod tests {
    use super::Sides;

    #[test]
    fn hypotenuse() {
        assert_eq!(super::hypotenuse(Sides { a: 3.0, b: 4.0 }), Ok(5.0));
        assert_eq!(super::hypotenuse(Sides { a: 0.0, b: 4.0 }).unwrap_err().code, super::NO_TRIANGLE);
    }
}
