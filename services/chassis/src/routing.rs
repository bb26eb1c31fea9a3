//! Where requests go: the routes of an API, which are made once in a process, and the handlers of one start of it.
//!
//! poem compiles a regular expression for every route that it is given, and a simulation starts thousands of services:
//! that was a fifth of all it did. So the routes lead to signposts, which name a handler by its place, and every start
//! brings its handlers along with the request.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use poem::{Endpoint, EndpointExt, IntoEndpoint, Request, Response, endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    OpenApi, OpenApiService,
    registry::{MetaApi, Registry},
};

use crate::docs::Description;

/// What poem-openapi puts the endpoints of an API into: by path, by method.
pub(crate) type Table = HashMap<String, HashMap<Method, BoxEndpoint<'static>>>;

/// An API that answers requests.
pub(crate) struct Routed {
    routes: Routes,
    handlers: Handlers,
}

type Routes = Arc<BoxEndpoint<'static>>;

/// The endpoints of one start of an API, in the order of its signposts.
#[derive(Clone)]
struct Handlers(Arc<[BoxEndpoint<'static>]>);

/// The routes that were made so far, by API.
static MADE: Mutex<BTreeMap<TypeId, Routes>> = Mutex::new(BTreeMap::new());

impl Routed {
    /// Routes to the endpoints of an API.
    pub(crate) fn new<T: OpenApi + 'static>(api: T) -> Self {
        let mut table = Table::new();
        api.add_routes(&mut table);
        let by_path = table.into_iter().flat_map(|(path, methods)| {
            methods
                .into_iter()
                .map(move |(method, handler)| ((path.clone(), method.to_string()), (method, handler)))
        });
        let sorted: BTreeMap<_, _> = by_path.collect();
        let (signs, handlers): (Vec<_>, Vec<_>) =
            sorted.into_iter().map(|((path, _), (method, handler))| ((path, method), handler)).unzip();
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        let routes = made.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(routes::<T>(signs)));
        Self { routes: Arc::clone(routes), handlers: Handlers(handlers.into()) }
    }
}

fn routes<T: OpenApi + 'static>(signs: Vec<(String, Method)>) -> BoxEndpoint<'static> {
    OpenApiService::new((Description::<T>::default(), Signposts(signs)), "", "").into_endpoint()
}

impl Endpoint for Routed {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        request.set_data(self.handlers.clone());
        self.routes.call(request).await
    }
}

/// A signpost wherever a method of a path has a handler.
struct Signposts(Vec<(String, Method)>);

impl OpenApi for Signposts {
    fn meta() -> Vec<MetaApi> {
        Vec::new()
    }

    fn register(_: &mut Registry) {}

    fn add_routes(self, table: &mut Table) {
        for (place, (path, method)) in self.0.into_iter().enumerate() {
            table.entry(path).or_default().insert(method, Signpost(place).boxed());
        }
    }
}

/// Sends a request on to the handler in this place.
struct Signpost(usize);

impl Endpoint for Signpost {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let Handlers(handlers) =
            request.data().cloned().expect("whoever routes a request brings the handlers");
        handlers[self.0].call(request).await
    }
}
