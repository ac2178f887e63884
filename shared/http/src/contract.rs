//! What every route of the contract has in common.

use crate::{Fault, ProblemBody};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{OpenApi, Ref, RefOr};
use utoipa::{PartialSchema as _, ToSchema as _};

/// Adds to every operation what else it may answer: a problem, whose status says which.
pub(crate) fn with_problems(mut contract: OpenApi) -> OpenApi {
    let schemas = &mut contract.components.get_or_insert_default().schemas;
    schemas.insert(ProblemBody::name().into_owned(), ProblemBody::schema());
    schemas.insert(Fault::name().into_owned(), Fault::schema());
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name())));
    let problem = ResponseBuilder::new()
        .description("A problem (RFC 9457): its status and type say which, its detail what to do")
        .content("application/problem+json", body.build())
        .build();
    for item in contract.paths.paths.values_mut() {
        let methods = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in methods.into_iter().flatten() {
            let Operation { responses, .. } = operation;
            responses.responses.insert("default".to_owned(), RefOr::T(problem.clone()));
        }
    }
    contract
}
