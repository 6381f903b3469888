//! Feed mapping: any bytes are a feed or a failure; items have an id and clean texts.
#![no_main]
use std::sync::Arc;

use channels::feed::{Source, try_source};
use channels::net::{Net, NetPolicy};
use channels::{Context, Limits};
use libfuzzer_sys::fuzz_target;
use model::{FixedClock, SeededRandom, Timestamp};

fuzz_target!(|bytes: &[u8]| {
    thread_local! {
        static WORLD: (Context, tokio::runtime::Runtime) = (
            Context {
                clock: Arc::new(FixedClock::at(Timestamp::from_secs(1_795_000_000))),
                random: Arc::new(SeededRandom::new(1)),
                net: Net::new(NetPolicy::default()),
                limits: Limits::default(),
            },
            tokio::runtime::Builder::new_current_thread().build().expect("a runtime"),
        );
    }
    WORLD.with(|(context, runtime)| {
        let base = "https://blog.example/feed".parse().expect("an address");
        let Ok(found) = runtime.block_on(try_source(context, Source::Bytes(bytes, &base))) else { return };
        for item in found.items {
            assert!(!item.external_id.is_empty() && !item.text.contains('\0'));
            if let Some(html) = item.html {
                assert!(!html.to_ascii_lowercase().contains("<script"));
            }
        }
    });
});
