//! Tells how far the light of a lighthouse is seen, with a page that lies beside the program.

use std::fs;
use tiny_http::{Header, Response, Server};

const LIGHTS: [(&str, f64); 3] = [("skerry", 32.0), ("harbour", 9.5), ("cape", 71.0)];

/// Nautical miles to the horizon from a height in metres.
fn range(height: f64) -> f64 {
    2.08 * height.sqrt()
}

fn page(path: &str) -> Option<(String, &'static str)> {
    let html = "text/html; charset=utf-8";
    if path == "/" {
        let rows: String = LIGHTS
            .iter()
            .map(|(name, height)| format!("<li>{name}: {:.1}</li>\n", range(*height)))
            .collect();
        let layout = fs::read_to_string("templates/index.html").ok()?;
        return Some((layout.replace("{{lights}}", &rows), html));
    }
    let (_, height) = LIGHTS.iter().find(|(name, _)| path == format!("/lights/{name}"))?;
    Some((format!("{{\"height\": {height}, \"range\": {:.2}}}\n", range(*height)), "application/json"))
}

fn main() {
    let server = Server::http("0.0.0.0:8080").expect("port 8080 is free");
    println!("listening on 8080");
    for request in server.incoming_requests() {
        let answer = match page(request.url()) {
            Some((body, kind)) => {
                let header = Header::from_bytes("Content-Type", kind).expect("a plain header");
                Response::from_string(body).with_header(header)
            }
            None => Response::from_string("no such light\n").with_status_code(404),
        };
        if let Err(error) = request.respond(answer) {
            eprintln!("{error}");
        }
    }
}
