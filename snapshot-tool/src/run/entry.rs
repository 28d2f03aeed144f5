//! Which function of a program is called, and with what: `_start`, `_initialize`, or an export that
//! somebody names, whose arguments are text.

use crate::adapter::names::HOST_API_PREFIX;
use crate::error::InnerResult;
use anyhow::{Context as _, bail, ensure};
use wasmtime::{ExternType, FuncType, Module, Val, ValType};

/// What a command starts with.
const START: &str = "_start";

/// What a reactor is initialised with.
pub(crate) const INITIALIZE: &str = "_initialize";

/// Which function is called.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// A command's.
    Start,
    /// A reactor's, and nothing more.
    Initialize,
    /// An export, after a reactor's `_initialize`.
    Invoke(Call),
}

/// A function and its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) args: Vec<Val>,
    /// How many results it has.
    pub(crate) results: usize,
}

impl Entry {
    /// What is called of `module`; `invoke` is the export that somebody names, and its arguments.
    ///
    /// # Errors
    ///
    /// If there is no such function, or the arguments are not those that it takes.
    pub(crate) fn of(module: &Module, invoke: Option<&(String, Vec<String>)>) -> InnerResult<Self> {
        if let Some((name, args)) = invoke {
            return Ok(Self::Invoke(Call::parse(module, name, args)?));
        }
        for (entry, name) in [(Self::Start, START), (Self::Initialize, INITIALIZE)] {
            if module.get_export(name).is_some() {
                return Ok(entry);
            }
        }
        let functions = functions(module);
        let advice = match functions.first() {
            Some(function) => {
                format!("build it as a command, or call a function, as in --invoke {function}")
            }
            None => "build it as a command".to_owned(),
        };
        bail!(
            "it exports neither `{START}` nor `{INITIALIZE}`, so there is nothing to run; {advice}"
        )
    }

    /// The function without arguments that is called first.
    pub(crate) fn first(&self, module: &Module) -> Option<&'static str> {
        match self {
            Self::Start => Some(START),
            Self::Initialize => Some(INITIALIZE),
            Self::Invoke(call) if call.name == INITIALIZE => None,
            Self::Invoke(_) => module.get_export(INITIALIZE).map(|_| INITIALIZE),
        }
    }
}

impl Call {
    fn parse(module: &Module, name: &str, args: &[String]) -> InnerResult<Self> {
        let Some(ExternType::Func(ty)) = module.get_export(name) else {
            let functions = functions(module);
            let there = match functions.is_empty() {
                true => "none".to_owned(),
                false => functions.join(", "),
            };
            bail!("--invoke {name}: it exports no function of this name; it exports {there}");
        };
        ensure!(
            ty.params().len() == args.len(),
            "--invoke {name}: it takes {}, and {} given",
            taken(&ty),
            match args.len() {
                0 => "none is".to_owned(),
                1 => "1 is".to_owned(),
                more => format!("{more} are"),
            }
        );
        let values = ty.params().zip(args).zip(1..).map(|((ty, text), position)| {
            value(text, &ty).with_context(|| format!("--invoke {name}: argument {position}"))
        });
        let args = values.collect::<InnerResult<_>>()?;
        Ok(Self { name: name.to_owned(), args, results: ty.results().len() })
    }
}

/// The names of the functions that a module exports, without those of the host interface.
fn functions(module: &Module) -> Vec<&str> {
    let functions = module.exports().filter(|export| matches!(export.ty(), ExternType::Func(_)));
    functions.map(|it| it.name()).filter(|name| !name.starts_with(HOST_API_PREFIX)).collect()
}

/// What a function takes, as text: `2 arguments (i32, f64)`.
fn taken(ty: &FuncType) -> String {
    let types: Vec<String> = ty.params().map(|ty| ty.to_string()).collect();
    match types.len() {
        0 => "no arguments".to_owned(),
        1 => format!("1 argument ({})", types[0]),
        more => format!("{more} arguments ({})", types.join(", ")),
    }
}

/// Reads an argument. An integer may be written in hexadecimal, and as signed or unsigned.
fn value(text: &str, ty: &ValType) -> InnerResult<Val> {
    let wrong = || format!("`{text}` is no {ty}");
    Ok(match ty {
        ValType::I32 => {
            let value = integer(text).with_context(wrong)?;
            let unsigned = u32::try_from(value).map(u32::cast_signed);
            Val::I32(unsigned.or_else(|_| i32::try_from(value)).with_context(wrong)?)
        }
        ValType::I64 => {
            let value = integer(text).with_context(wrong)?;
            let unsigned = u64::try_from(value).map(u64::cast_signed);
            Val::I64(unsigned.or_else(|_| i64::try_from(value)).with_context(wrong)?)
        }
        ValType::F32 => Val::F32(text.parse::<f32>().with_context(wrong)?.to_bits()),
        ValType::F64 => Val::F64(text.parse::<f64>().with_context(wrong)?.to_bits()),
        ValType::V128 | ValType::Ref(_) => {
            bail!("it is a {ty}, which cannot be written as text; call a function without one")
        }
    })
}

/// Reads an integer: decimal, or hexadecimal after `0x`.
fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    // Neither may have a sign of its own.
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let magnitude = match digits.strip_prefix("0x") {
        Some(digits) if !digits.starts_with(['+', '-']) => i128::from_str_radix(digits, 16),
        Some(_) => return None,
        None => digits.parse(),
    };
    magnitude.ok().map(|magnitude: i128| sign * magnitude)
}

/// A result as text.
pub(crate) fn text(value: &Val) -> String {
    match value {
        Val::I32(value) => value.to_string(),
        Val::I64(value) => value.to_string(),
        Val::F32(bits) => f32::from_bits(*bits).to_string(),
        Val::F64(bits) => f64::from_bits(*bits).to_string(),
        Val::V128(value) => value.as_u128().to_string(),
        Val::FuncRef(None)
        | Val::ExternRef(None)
        | Val::AnyRef(None)
        | Val::ExnRef(None)
        | Val::ContRef(None) => "null".to_owned(),
        Val::FuncRef(_) => "<funcref>".to_owned(),
        Val::ExternRef(_) => "<externref>".to_owned(),
        Val::AnyRef(_) => "<anyref>".to_owned(),
        Val::ExnRef(_) => "<exnref>".to_owned(),
        Val::ContRef(_) => "<contref>".to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_by_their_types() {
        let read =
            |text: &str, ty: ValType| super::value(text, &ty).map(|value| super::text(&value));
        for (given, ty, shown) in [
            ("7", ValType::I32, "7"),
            ("-0x10", ValType::I32, "-16"),
            ("+5", ValType::I32, "5"),
            ("4294967295", ValType::I32, "-1"),
            ("-2147483648", ValType::I32, "-2147483648"),
            ("0xffffffffffffffff", ValType::I64, "-1"),
            ("1.5", ValType::F32, "1.5"),
            ("-1e300", ValType::F64, &(-1e300_f64).to_string()),
            ("inf", ValType::F64, "inf"),
            ("NaN", ValType::F64, "NaN"),
        ] {
            assert_eq!(read(given, ty.clone()).unwrap(), shown, "{given} as {ty}");
        }
        for (given, ty) in [
            ("4294967296", ValType::I32),
            ("-2147483649", ValType::I32),
            ("18446744073709551616", ValType::I64),
            ("340282366920938463463374607431768211456", ValType::I64),
            ("", ValType::I32),
            ("-", ValType::I32),
            ("--1", ValType::I32),
            ("0x", ValType::I32),
            ("0x-1", ValType::I32),
            ("1.5", ValType::I32),
            ("x", ValType::F64),
            ("1", ValType::V128),
        ] {
            let error = read(given, ty.clone()).unwrap_err();
            assert!(error.to_string().contains(&ty.to_string()), "{given}: {error}");
        }
    }
}
