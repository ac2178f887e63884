use std::collections::BTreeMap;

use super::*;

const ROOT: &str = r"
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, AllowedValues: [test, production]}
  PublicUrl: {Type: String, Default: ''}
  Origins: {Type: CommaDelimitedList, Default: 'https://a.example, https://b.example'}
Mappings:
  Sizes: {test: {memory: 512}, production: {memory: 1024}}
Conditions:
  HasUrl: !Not [!Equals [!Ref PublicUrl, '']]
  IsProduction: !Equals [!Ref Stage, production]
  IsBoth: !And [{Condition: HasUrl}, !Condition IsProduction]
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
      DeletionProtectionEnabled: !If [IsProduction, true, false]
  Keys: {Type: AWS::SecretsManager::Secret, Properties: {Description: keys}}
  Images:
    Type: AWS::S3::Bucket
    Properties:
      PublicAccessBlockConfiguration: {BlockPublicAcls: true}
  ImagesPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Images
      PolicyDocument:
        Statement: [{Effect: Deny, Principal: '*', Action: 's3:*', Resource: [!GetAtt Images.Arn, !Sub '${Images.Arn}/*']}]
  OnlyInProduction: {Type: AWS::SNS::Topic, Condition: IsBoth}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      ProtocolType: HTTP
      CorsConfiguration: !If [HasUrl, {AllowOrigins: !Ref Origins, MaxAge: 60}, !Ref AWS::NoValue]
  ApiStage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: $default, AutoDeploy: true}
  Things:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./infra/stacks/things.yaml
      Parameters:
        ApiId: !Ref Api
        Table: !Ref Table
        TableArn: !GetAtt Table.Arn
        Stream: !GetAtt Table.StreamArn
        Secret: !Ref Keys
        Memory: !FindInMap [Sizes, !Ref Stage, memory]
        Url: !If [HasUrl, !Ref PublicUrl, !GetAtt Api.ApiEndpoint]
Outputs:
  Shown: {Value: !GetAtt Things.Outputs.ShowThing}
";

const THINGS: &str = r#"
Transform: AWS::Serverless-2016-10-31
Parameters:
  ApiId: {Type: String}
  Table: {Type: String}
  TableArn: {Type: String}
  Stream: {Type: String}
  Secret: {Type: String}
  Memory: {Type: Number}
  Url: {Type: String}
Globals:
  Function:
    Runtime: provided.al2023
    Handler: bootstrap
    Timeout: 10
    Environment: {Variables: {TABLE_NAME: !Ref Table, STAGE: global}}
Resources:
  ShowThing:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../../target/lambda/show-thing
      MemorySize: !Ref Memory
      Environment: {Variables: {STAGE: own, HOST: !Select [2, !Split ['/', !Ref Url]], LIST: !Join ['-', [a, !Ref Secret]]}}
      Policies:
        - Version: '2012-10-17'
          Statement:
            - Effect: Allow
              Action: dynamodb:GetItem
              Resource: [!Ref TableArn, !Sub '${TableArn}/index/gsi1']
              Condition: {'ForAllValues:StringLike': {'dynamodb:LeadingKeys': ['thing#*']}, 'Null': {'dynamodb:LeadingKeys': 'false'}}
            - {Effect: Allow, Action: ['secretsmanager:GetSecretValue'], Resource: !Ref Secret}
  ShowThingIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {ApiId: !Ref ApiId, IntegrationType: AWS_PROXY, PayloadFormatVersion: '2.0', IntegrationUri: !GetAtt ShowThing.Arn}
  ShowThingRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref ApiId, RouteKey: 'GET /v1/things/{thing_id}', Target: !Sub 'integrations/${ShowThingIntegration}'}
  ShowThingPermission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref ShowThing
      Principal: apigateway.amazonaws.com
      SourceArn: {'Fn::Sub': 'arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${ApiId}/*/GET/v1/things/*'}
  CountThings:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../../target/lambda/count-things
      EventInvokeConfig: {MaximumRetryAttempts: 1}
      Environment: {Variables: {NEXT: !Ref ShowThing}}
      Events:
        Hourly: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}
        Made: {Type: EventBridgeRule, Properties: {Pattern: {source: [aws.cloudformation], detail: {status-details: {status: [CREATE_COMPLETE]}}}}}
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !Ref Stream
            StartingPosition: TRIM_HORIZON
            BatchSize: 7
            BisectBatchOnFunctionError: true
            FunctionResponseTypes: [ReportBatchItemFailures]
            FilterCriteria: {Filters: [{Pattern: '{"eventName":["INSERT"]}'}]}
Outputs:
  ShowThing: {Value: !GetAtt ShowThing.Arn}
"#;

fn sources() -> Sources {
    let mut sources = Sources::default();
    sources.insert("template.yaml", ROOT);
    sources.insert("infra/stacks/things.yaml", THINGS);
    sources
}

fn load(sources: &Sources, parameters: &[(&str, &str)]) -> Result<Template, TemplateError> {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Template::from_sources(sources, &parameters.collect::<BTreeMap<_, _>>())
}

/// The error after replacing `from` by `to` in one of the fixtures.
fn refused(from: &str, to: &str) -> String {
    let mut sources = Sources::default();
    assert!(ROOT.contains(from) || THINGS.contains(from), "{from} is in no fixture");
    sources.insert("template.yaml", ROOT.replace(from, to));
    sources.insert("infra/stacks/things.yaml", THINGS.replace(from, to));
    load(&sources, &[("Stage", "test")]).expect_err(to).to_string()
}

#[test]
fn intrinsics_globals_and_parameters_are_resolved() {
    let template = load(&sources(), &[("Stage", "test"), ("PublicUrl", "http://127.0.0.1:3000")]).unwrap();
    let show = &template.functions["show-thing"];
    assert_eq!((show.memory_mib, show.timeout.as_secs(), show.async_retries), (512, 10, 2));
    let secret = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:kith-Keys-AbCdEf";
    let table = "arn:aws:dynamodb:eu-central-1:000000000000:table/kith-Table";
    let expected =
        [("HOST", "127.0.0.1:3000"), ("LIST", &format!("a-{secret}")), ("STAGE", "own"), ("TABLE_NAME", "kith-Table")];
    assert_eq!(show.environment, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    assert_eq!(
        *show.policy,
        [
            Statement {
                actions: vec!["dynamodb:GetItem".to_owned()],
                resources: vec![table.to_owned(), format!("{table}/index/gsi1")],
                leading_keys: Some(vec!["thing#*".to_owned()]),
                needs_keys: true,
            },
            Statement {
                actions: vec!["secretsmanager:GetSecretValue".to_owned()],
                resources: vec![secret.to_owned()],
                leading_keys: None,
                needs_keys: false,
            },
        ]
    );
    assert_eq!(template.secrets, [SecretSpec { name: "kith-Keys".to_owned(), arn: secret.to_owned() }]);
    let images = BucketSpec { name: "kith-images".to_owned(), arn: "arn:aws:s3:::kith-images".to_owned() };
    assert_eq!(template.buckets, [images]);
    assert_eq!((template.table.name.as_str(), template.table.arn.as_str()), ("kith-Table", table));
    assert_eq!(template.table.create["StreamSpecification"]["StreamEnabled"], true);
    assert!(template.table.create.get("DeletionProtectionEnabled").is_none());
    assert_eq!(template.table.ttl_attribute, "ttl");
    let cors = template.api.cors.unwrap();
    assert_eq!(
        (cors.allow_origins, cors.max_age),
        (vec!["https://a.example".to_owned(), "https://b.example".to_owned()], Some(60))
    );
}

#[test]
fn routes_schedules_rules_and_streams_are_found() {
    let template = load(&sources(), &[("Stage", "test")]).unwrap();
    assert!(template.api.cors.is_none());
    assert_eq!(
        template.routes,
        [RouteSpec { key: "GET /v1/things/{thing_id}".to_owned(), operation: "show-thing".to_owned() }]
    );
    let schedule = template.schedules.first().unwrap();
    assert_eq!((schedule.operation.as_str(), schedule.expression.as_str()), ("count-things", "rate(1 hour)"));
    let stream = template.streams.first().unwrap();
    assert_eq!(
        (stream.operation.as_str(), stream.batch_size, stream.bisects, stream.reports_failures),
        ("count-things", 7, true, true)
    );
    assert!(stream.filters[0].matches(&serde_json::json!({"eventName": "INSERT"})));
    assert_eq!(template.event_rules.len(), 1);
    let count = &template.functions["count-things"];
    assert_eq!((count.async_retries, count.memory_mib), (1, 128));
    let next = &count.environment["NEXT"];
    assert_eq!(template.function_named(next).unwrap().operation, "show-thing");
    assert_eq!(template.function_named(&template.functions["show-thing"].arn).unwrap().operation, "show-thing");
    assert_eq!(template.stacks.iter().map(|stack| stack.name.as_str()).collect::<Vec<_>>(), ["kith-Things", "kith"]);
}

#[test]
fn what_is_not_known_is_refused_with_its_place() {
    for (from, to, place, message) in [
        (
            "!FindInMap [Sizes",
            "!Transform [Sizes",
            "template.yaml: Resources/Things/Properties/Parameters/Memory",
            "unknown tag !Transform",
        ),
        (
            "{'Fn::Sub': 'arn",
            "{'Fn::Base64': 'arn",
            "infra/stacks/things.yaml: Resources/ShowThingPermission/Properties/SourceArn/Fn::Base64",
            "unknown intrinsic",
        ),
        (
            "!GetAtt ShowThing.Arn}\n  ShowThingRoute",
            "!GetAtt ShowThing.Color}\n  ShowThingRoute",
            "ShowThingIntegration",
            "no attribute Color",
        ),
        (
            "Type: AWS::SecretsManager::Secret",
            "Type: AWS::RDS::DBCluster",
            "Resources/Keys",
            "unknown kind of resource",
        ),
        (
            "PublicAccessBlockConfiguration: {BlockPublicAcls: true}",
            "VersioningConfiguration: {Status: Enabled}",
            "Resources/Images",
            "VersioningConfiguration",
        ),
        ("{Effect: Deny, Principal", "{Effect: Allow, Principal", "Resources/ImagesPolicy", "may only deny"),
        ("Bucket: !Ref Images", "Bucket: other", "Resources/ImagesPolicy", "`other` is no bucket"),
        ("Handler: bootstrap", "Handler: bootstrap\n    Layers: [x]", "Layers", "does not know this property"),
        ("Effect: Allow\n", "Effect: Deny\n", "Policies", "Allow statements only"),
        ("ForAllValues:StringLike", "ForAnyValue:StringLike", "Policies", "does not enforce the condition"),
        ("StartingPosition: TRIM_HORIZON", "StartingPosition: LATEST", "Events/Changes", "TRIM_HORIZON"),
        (
            "Properties: {Schedule: rate(1 hour)}",
            "Properties: {Schedule: rate(1 hour), Input: '{}'}",
            "Events/Hourly",
            "Input",
        ),
        ("Mappings:", "Macros:", "Macros", "unknown section"),
        ("DeletionPolicy: Retain", "CreationPolicy: {}", "Resources/Table", "unknown key"),
        (
            "Secret: !Ref Keys\n",
            "Secrets: !Ref Keys\n",
            "things.yaml: Parameters",
            "does not declare the parameter Secrets",
        ),
        (
            "IsBoth: !And [{Condition: HasUrl}",
            "IsBoth: !And [{Condition: IsBoth}",
            "Conditions/IsBoth",
            "depends on itself",
        ),
    ] {
        let error = refused(from, to);
        assert!(error.contains(place) && error.contains(message), "{to}: {error}");
    }
}

#[test]
fn what_would_fail_when_deployed_is_refused() {
    for (from, to, message) in [
        ("Principal: apigateway.amazonaws.com", "Principal: events.amazonaws.com", "no AWS::Lambda::Permission"),
        ("${ApiId}/*/GET/v1/things/*", "${ApiId}/*/POST/v1/things/*", "no AWS::Lambda::Permission"),
        ("AutoDeploy: true", "AutoDeploy: false", "AutoDeploy"),
        ("PayloadFormatVersion: '2.0'", "PayloadFormatVersion: '1.0'", "PayloadFormatVersion"),
        ("integrations/${ShowThingIntegration}", "integrations/x", "is no integration"),
        ("lambda/count-things", "lambda/show-thing", "declares the operation show-thing, too"),
        ("!GetAtt Things.Outputs.ShowThing", "!GetAtt Things.Outputs.Nothing", "no output Nothing"),
    ] {
        let error = refused(from, to);
        assert!(error.contains(message), "{to}: {error}");
    }
}

#[test]
fn parameters_are_checked() {
    let error = |parameters: &[(&str, &str)]| load(&sources(), parameters).unwrap_err().to_string();
    assert!(error(&[]).contains("neither a value nor a default"));
    assert!(error(&[("Stage", "local")]).contains("not among the allowed values"));
    assert!(error(&[("Stage", "test"), ("Stag", "x")]).contains("does not declare the parameter Stag"));
}

#[test]
fn the_project_is_read() {
    let template = crate::kith::project_template().unwrap();
    assert!(template.routes.iter().any(|route| route.key == "$default" && route.operation == "answer-unmatched"));
    assert_eq!(template.functions["register-account"].environment["PUBLIC_URL"], "http://127.0.0.1:3000");
    assert!(template.schedules.iter().any(|schedule| schedule.operation == "rotate-keys"));
    assert!(template.streams.iter().any(|stream| stream.operation == "relay-outbox"));
}
