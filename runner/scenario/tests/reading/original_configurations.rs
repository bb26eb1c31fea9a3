//! The e2e.conf of socialseed-e2e: each of its keys has its effect, or is told with what replaces it.

use scenario::Service;

use super::*;

/// Reads a configuration and compares its mistakes, or else what has no effect in it.
#[track_caller]
fn check_keys(text: &str, expected: &[&str]) {
    let read = read_configuration(text, "e2e.conf".into());
    assert_eq!(read.map_or_else(shown, |conf| shown(conf.ignored)), expected, "{text}");
}

const FILE: &str = "\
general:
  environment: staging
  timeout: 45000
  user_agent: checks/2.0
  verbose: true
  project: { name: Market, version: 1.0.0 }
services:
  stock-service:
    name: stock-service
    base_url: http://localhost:6001
    health_endpoint: /health
    port: 6001
    timeout: 1500
    default_headers: { Accept: application/json, X-Tag: a }
    auto_start: false
    required: false
    endpoints: { list: /stock }
  cart_service:
    base_url: http://localhost:6002
    health_endpoint: null
    port: 6003
    auto_start: true
api_gateway: { enabled: false, url: '' }
databases: { primary: { host: localhost } }
parallel: { enabled: true, max_workers: 4 }
";

#[test]
fn its_keys_have_the_effect_of_those_of_here() {
    let conf = read_configuration(FILE, "e2e.conf".into()).expect("a configuration");
    let [stock, cart] = conf.services.as_slice() else { panic!("two services") };
    assert_eq!(conf.timeout, Duration::from_secs(45));
    assert_eq!((stock.requests.timeout, cart.requests.timeout), (Some(Duration::from_millis(1500)), None));
    assert_eq!(stock.ready.iter().map(|ready| ready.path.as_str()).collect::<Vec<_>>(), ["/health"]);
    assert!(cart.ready.is_empty());
    let headers = |service: &Service| -> Vec<String> {
        let header =
            |(name, value): &(http::HeaderName, scenario::Template)| format!("{name}: {}", value.source());
        service.requests.headers.iter().map(header).collect()
    };
    assert_eq!(headers(stock), ["accept: application/json", "x-tag: a", "user-agent: checks/2.0"]);
    assert_eq!(headers(cart), ["user-agent: checks/2.0"]);
    assert_eq!((stock.need, cart.need), (Need::Optional, Need::Required));
}

#[test]
fn what_has_no_effect_is_told_with_what_replaces_it() {
    check_keys(
        FILE,
        &[
            "2:3 `environment` has no effect (pass what differs between environments as environment variables)",
            "5:3 `verbose` has no effect (ask for what services write on the command line: `--logs`)",
            "6:3 `project` has no effect (reports name files and scenarios)",
            "17:5 `endpoints` has no effect (a step names method and path: `request: GET users-service /api/users`)",
            "21:5 `port` has no effect (it is part of `base_url`)",
            "22:5 `auto_start` has no effect (a service is started if it has a `command`, and runs already if it has none)",
            "24:1 `databases` has no effect (a command of a `run` step can look into a database)",
            "25:1 `parallel` has no effect (say on the command line how many scenarios run at a time: `--jobs 4`)",
        ],
    );
}

#[test]
fn what_would_change_the_requests_is_a_mistake() {
    let service = "services: { a: { base_url: http://localhost:1 } }\n";
    check_keys(
        &format!("api_gateway: {{ enabled: true, url: 'http://gate/', prefix: /v1 }}\n{service}"),
        &[
            "1:1 requests can't be sent through an `api_gateway` (write the gateway's address into the services: `base_url: http://gate/v1/NAME`, and its token with `auth`)",
        ],
    );
    check_keys(
        &format!("general: {{ timeout: 100, verbos: true }}\ntimeout: 1s\n{service}"),
        &[
            "1:12 `general.timeout` and `timeout` are the same (leave one of the two out; `timeout` is on line 2)",
            "1:26 unknown key `verbos` in general (did you mean `verbose`?)",
        ],
    );
    check_keys(
        "services:\n  a: { base_url: '${API_URL:-http://localhost:1}', health_endpoint: /a, ready: /b }\n",
        &[
            "2:18 `${API_URL:-http://localhost:1}` isn't filled in (write `${env.API_URL}`, and at the top of the file `env: { API_URL: http://localhost:1 }`)",
            "2:52 `health_endpoint` and `ready` are the same (leave one of the two out; `ready` is on line 2)",
        ],
    );
    check_keys(
        "general: { timeout: soon }\nservices: { a: { base_url: ws://localhost:1 } }\n",
        &[
            "1:21 `soon` is no length of time (write `5s` or `200ms`)",
            "2:28 `ws://localhost:1` is no address of a service (write `http://localhost:5002`)",
        ],
    );
}

#[test]
fn a_time_without_a_unit_is_a_mistake_in_any_other_file() {
    check_keys(
        "services: { a: { base_url: http://localhost:1, timeout: 1500 } }",
        &["1:57 `1500` has no unit (write `1500s` or `1500ms`)"],
    );
}
