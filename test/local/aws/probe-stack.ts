import { setTimeout as sleep } from 'node:timers/promises';
import { authorizerCode, probeCode } from './probe-functions.ts';
import { callQuery } from './signed-call.ts';

/** The log group of the probe API's access log. */
export const accessLogGroup = '/probe/access';

/** The access log's format: JSON with one variable that does not exist. */
export const accessLogFormat = JSON.stringify({
  requestId: '$context.requestId',
  extendedRequestId: '$context.extendedRequestId',
  sourceIp: '$context.identity.sourceIp',
  userAgent: '$context.identity.userAgent',
  requestTime: '$context.requestTime',
  method: '$context.httpMethod',
  resourcePath: '$context.resourcePath',
  path: '$context.path',
  status: '$context.status',
  protocol: '$context.protocol',
  responseLength: '$context.responseLength',
  integrationStatus: '$context.integrationStatus',
  integrationError: '$context.integration.error',
  errorType: '$context.error.responseType',
  errorMessage: '$context.error.message',
  validation: '$context.error.validationErrorString',
  authorizerStatus: '$context.authorizer.status',
  authorizerError: '$context.authorizer.error',
  principalId: '$context.authorizer.principalId',
  who: '$context.authorizer.who',
  stage: '$context.stage',
  apiId: '$context.apiId',
  unknown: '$context.no.such.variable',
});

const problem =
  '{"type":"$context.error.responseType","detail":$context.error.messageString,' +
  '"validation":"$context.error.validationErrorString","id":"$context.requestId"}';

function gatewayResponse(type: string, status?: string, headers: object = {}): object {
  return {
    Type: 'AWS::ApiGateway::GatewayResponse',
    Properties: {
      RestApiId: { Ref: 'Api' },
      ResponseType: type,
      ...(status === undefined ? {} : { StatusCode: status }),
      ResponseParameters: {
        'gatewayresponse.header.Content-Type': "'application/problem+json'",
        ...headers,
      },
      ResponseTemplates: { 'application/json': problem },
    },
  };
}

function role(name: string): object {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      RoleName: name,
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] },
    },
  };
}

function lambda(name: string, code: string): object {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: name,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 10,
      Role: { 'Fn::GetAtt': [`${name}Role`, 'Arn'] },
      Environment: { Variables: { COLOUR: 'green' } },
      Code: { ZipFile: code },
    },
  };
}

function resource(parent: unknown, part: string): object {
  return {
    Type: 'AWS::ApiGateway::Resource',
    Properties: { RestApiId: { Ref: 'Api' }, ParentId: parent, PathPart: part },
  };
}

function method(
  resourceName: string,
  verb: string,
  more: object,
  integration: object = {},
): object {
  return {
    Type: 'AWS::ApiGateway::Method',
    Properties: {
      RestApiId: { Ref: 'Api' },
      ResourceId: { Ref: resourceName },
      HttpMethod: verb,
      AuthorizationType: 'NONE',
      ...more,
      Integration: {
        Type: 'AWS_PROXY',
        IntegrationHttpMethod: 'POST',
        Uri: {
          'Fn::Sub':
            'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${probe.Arn}/invocations',
        },
        ...integration,
      },
    },
  };
}

function authorizer(name: string, type: string, seconds: number): object {
  return {
    Type: 'AWS::ApiGateway::Authorizer',
    Properties: {
      RestApiId: { Ref: 'Api' },
      Name: name,
      Type: type,
      IdentitySource: 'method.request.header.Authorization',
      AuthorizerResultTtlInSeconds: seconds,
      AuthorizerUri: {
        'Fn::Sub':
          'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${authorize.Arn}/invocations',
      },
    },
  };
}

/** A preflight answer as the deploy tool writes it, or with another template. */
function preflight(resourceName: string, template: string): object {
  const header = 'method.response.header.Access-Control-Allow-Origin';
  const answer = {
    StatusCode: '200',
    ResponseParameters: { [header]: "'https://app.example'" },
    ResponseTemplates: { 'application/json': template },
  };
  const integration = {
    Type: 'MOCK',
    RequestTemplates: { 'application/json': '{statusCode:200}' },
    IntegrationResponses: [answer],
  };
  const responses = [{ StatusCode: '200', ResponseParameters: { [header]: true } }];
  return method(resourceName, 'OPTIONS', { MethodResponses: responses }, integration);
}

const originTemplate =
  '#set($origin = $input.params("Origin"))\n' +
  '#if($origin == "") #set($origin = $input.params("origin")) #end\n' +
  '#if($origin.matches("https://app[.]example") || $origin.matches("https://other[.]example"))' +
  ' #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin) #end';

const top = { 'Fn::GetAtt': ['Api', 'RootResourceId'] };
const byToken = { AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: 'TokenAuthorizer' } };
const byRequest = { AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: 'RequestAuthorizer' } };
const model = { 'application/json': { Ref: 'ObjectModel' } };

const resources = {
  probeRole: role('probe-role'),
  authorizeRole: role('authorize-role'),
  probe: lambda('probe', probeCode),
  authorize: lambda('authorize', authorizerCode),
  AccessLog: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: accessLogGroup } },
  Api: {
    Type: 'AWS::ApiGateway::RestApi',
    Properties: { Name: 'probe', ApiKeySourceType: 'AUTHORIZER', BinaryMediaTypes: ['image/png'] },
  },
  TokenAuthorizer: authorizer('token', 'TOKEN', 0),
  RequestAuthorizer: authorizer('request', 'REQUEST', 60),
  BodyValidator: {
    Type: 'AWS::ApiGateway::RequestValidator',
    Properties: {
      RestApiId: { Ref: 'Api' },
      ValidateRequestBody: 'true',
      ValidateRequestParameters: true,
    },
  },
  ObjectModel: {
    Type: 'AWS::ApiGateway::Model',
    Properties: {
      RestApiId: { Ref: 'Api' },
      ContentType: 'application/json',
      Schema: { type: 'object', required: ['name'] },
    },
  },
  Open: resource(top, 'open'),
  Files: resource(top, 'files'),
  FilesJob: resource({ Ref: 'Files' }, '{job}'),
  FilesPath: resource({ Ref: 'FilesJob' }, '{path+}'),
  Token: resource(top, 'token'),
  Request: resource(top, 'request'),
  Keyed: resource(top, 'keyed'),
  Checked: resource(top, 'checked'),
  Hurried: resource(top, 'hurried'),
  Missing: resource(top, 'missing'),
  Shared: resource(top, 'shared'),
  Fixed: resource(top, 'fixed'),
  Clever: resource(top, 'clever'),
  OpenAny: method('Open', 'ANY', {}),
  FilesGet: method('FilesPath', 'GET', {}),
  TokenGet: method('Token', 'GET', byToken),
  RequestGet: method('Request', 'GET', byRequest),
  KeyedGet: method('Keyed', 'GET', { ...byToken, ApiKeyRequired: true }),
  CheckedPost: method('Checked', 'POST', {
    RequestValidatorId: { Ref: 'BodyValidator' },
    RequestModels: model,
    RequestParameters: { 'method.request.querystring.mode': true },
  }),
  HurriedGet: method('Hurried', 'GET', {}, { TimeoutInMillis: 300 }),
  MissingGet: method(
    'Missing',
    'GET',
    {},
    {
      Uri: 'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:nothing/invocations',
    },
  ),
  SharedOptions: preflight('Shared', originTemplate),
  FixedOptions: preflight('Fixed', ''),
  CleverOptions: preflight('Clever', '#foreach($each in $list) x #end'),
  Default4xx: gatewayResponse('DEFAULT_4XX'),
  Default5xx: gatewayResponse('DEFAULT_5XX'),
  UnknownRoute: gatewayResponse('MISSING_AUTHENTICATION_TOKEN', '404'),
  Unauthorized: gatewayResponse('UNAUTHORIZED', '401', {
    'gatewayresponse.header.WWW-Authenticate': "'Bearer'",
  }),
  Key: {
    Type: 'AWS::ApiGateway::ApiKey',
    Properties: { Name: 'probe', Enabled: true, Value: 'probe-key-value-0123456789' },
  },
  Plan: {
    Type: 'AWS::ApiGateway::UsagePlan',
    Properties: {
      UsagePlanName: 'standard',
      ApiStages: [{ ApiId: { Ref: 'Api' }, Stage: { Ref: 'Stage' } }],
      Throttle: { BurstLimit: 2, RateLimit: 0.01 },
    },
  },
  PlanKey: {
    Type: 'AWS::ApiGateway::UsagePlanKey',
    Properties: { KeyId: { Ref: 'Key' }, KeyType: 'API_KEY', UsagePlanId: { Ref: 'Plan' } },
  },
  Deployment: {
    Type: 'AWS::ApiGateway::Deployment',
    DependsOn: ['OpenAny', 'Default4xx', 'Default5xx', 'UnknownRoute', 'Unauthorized'],
    Properties: { RestApiId: { Ref: 'Api' } },
  },
  Stage: {
    Type: 'AWS::ApiGateway::Stage',
    Properties: {
      RestApiId: { Ref: 'Api' },
      DeploymentId: { Ref: 'Deployment' },
      StageName: 'test',
      AccessLogSetting: {
        DestinationArn: { 'Fn::GetAtt': ['AccessLog', 'Arn'] },
        Format: accessLogFormat,
      },
    },
  },
};

/** Deploys the probe API through CloudFormation and returns the URL of its stage. */
export async function deployProbe(endpoint: string): Promise<string> {
  const template = { Resources: resources, Outputs: { ApiId: { Value: { Ref: 'Api' } } } };
  const created = await callQuery(endpoint, 'cloudformation', {
    Action: 'CreateStack',
    StackName: 'probe',
    'Capabilities.member.1': 'CAPABILITY_NAMED_IAM',
    TemplateBody: JSON.stringify(template),
    Version: '2010-05-15',
  });
  if (created.status !== 200) throw new Error(created.body);
  for (;;) {
    const { body } = await callQuery(endpoint, 'cloudformation', {
      Action: 'DescribeStacks',
      StackName: 'probe',
      Version: '2010-05-15',
    });
    const status = /<StackStatus>(\w+)</.exec(body)?.[1];
    if (status !== 'CREATE_IN_PROGRESS' && status !== 'CREATE_COMPLETE') throw new Error(body);
    const apiId = /<OutputValue>(\w+)</.exec(body)?.[1];
    if (apiId !== undefined) return `${endpoint}/restapis/${apiId}/test/_user_request_`;
    await sleep(100);
  }
}
