//! Types of serde as inputs and outputs.
#![cfg(feature = "serde")]

use wexec::testing::Host;
use wexec::{Json, Result, Status, call};

async fn name_of(Json(user): Json<serde_json::Value>) -> Result<Json<serde_json::Value>> {
    Ok(Json(user["name"].clone()))
}

wexec::tasks! { io name_of }

#[test]
fn json() {
    let host = Host::new().task("echo", |Json(value): Json<serde_json::Value>| Ok(Json(value)));
    let name = host.run(async || {
        let Json(user) =
            call::<Json<serde_json::Value>>("echo", Json(serde_json::json!({"name": "Ada"}))).await?;
        name_of(Json(user)).await
    });
    assert_eq!(name.unwrap().0, "Ada");
    let bad = host.run(|| call::<Json<u8>>("echo", Json("text")));
    assert_eq!(bad.err().unwrap().status, Status::FAILED);
}
