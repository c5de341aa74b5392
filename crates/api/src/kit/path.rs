//! Parameters in the path. What is no id of the right kind names nothing: 404.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::{
    Operation, Parameter, ParameterData, ParameterSchemaOrContent, PathStyle, ReferenceOr, SchemaObject,
};
use axum::extract::FromRequestParts;
use http::request::Parts;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{Code, Problem};

/// One parameter, which the route calls `{id}`; or a struct whose fields are named as in the route.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path<T>, Problem> {
        let found = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        found
            .map(|path| Path(path.0))
            .map_err(|_| Problem::new(Code::NotFound, "There is nothing with this id."))
    }
}

impl<T: JsonSchema> OperationInput for Path<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let json_schema = context.schema.subschema_for::<T>();
        if context.resolve_schema(&json_schema).get("properties").is_some() {
            axum::extract::Path::<T>::operation_input(context, operation);
            return;
        }
        let schema = SchemaObject { json_schema, external_docs: None, example: None };
        let parameter_data = ParameterData {
            name: "id".into(),
            description: None,
            required: true,
            deprecated: None,
            format: ParameterSchemaOrContent::Schema(schema),
            example: None,
            examples: Default::default(),
            explode: None,
            extensions: Default::default(),
        };
        let parameter = Parameter::Path { parameter_data, style: PathStyle::Simple };
        operation.parameters.push(ReferenceOr::Item(parameter));
    }
}
