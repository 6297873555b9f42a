//! A task that makes an HTTP request.

use wexec::{Result, fetch};

wexec::tasks! {
    /// Returns the title of a page.
    io title { uses: &["http.fetch"] },
}

async fn title(url: String) -> Result<Option<String>> {
    let page = fetch(url).await?;
    let title = page.text()?.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    Ok(title.map(|(title, _)| title.to_owned()))
}

#[cfg(test)]
mod tests {
    use wexec::testing::Host;
    use wexec::{Response, Status};

    #[test]
    fn title() {
        let host = Host::new().fetch("https://example.com/", |_| {
            Ok(Response { status: 200, body: b"<title>Hello</title>".to_vec(), ..Response::default() })
        });
        let title = host.run(|| super::title("https://example.com/a".into()));
        assert_eq!(title.unwrap().as_deref(), Some("Hello"));
        let denied = host.run(|| super::title("https://example.org/".into()));
        assert_eq!(denied.unwrap_err().status, Status::DENIED);
    }
}
