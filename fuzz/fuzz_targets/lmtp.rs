//! The delivery door: any bytes end in an end of the talk, in time; what was delivered came between DATA and a dot of its own.
#![no_main]
use std::sync::Arc;
use std::time::Duration;

use channels::mail::lmtp::{Delivery, LmtpLimits, Refusal, serve};
use futures::future::BoxFuture;
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

struct Everything;
impl Delivery for Everything {
    fn accept<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async { Ok(()) })
    }
    fn deliver<'a>(&'a self, recipient: &'a str, _: &'a str, bytes: Arc<[u8]>) -> BoxFuture<'a, Result<(), Refusal>> {
        assert!(!recipient.is_empty() && bytes.len() <= 10_000);
        Box::pin(async { Ok(()) })
    }
}

fuzz_target!(|bytes: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let (mut far, near) = tokio::io::duplex(1 << 20);
        let limits = LmtpLimits { message: 10_000, timeout: Duration::from_secs(5), ..LmtpLimits::default() };
        let serving = serve(near, &Everything, limits);
        let talking = async {
            let _ = far.write_all(bytes).await;
            let _ = far.shutdown().await;
            let mut said = Vec::new();
            let _ = far.read_to_end(&mut said).await;
            said
        };
        let (_, said) = futures::future::join(serving, talking).await;
        assert!(said.is_ascii() && said.starts_with(b"220 "));
    });
});
