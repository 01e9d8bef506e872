/**
 * Extracts what the test bed needs of GitHub's published contracts into rest.json and schema.graphql beside this file.
 *
 *   cd $(mktemp -d)
 *   npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-*.tgz package/generated/api.github.com.json
 *   npm pack @octokit/graphql-schema@15.26.1 && tar xzf octokit-graphql-schema-*.tgz package/schema.graphql
 *   node REPOSITORY/tests/beds/github/contract/extract.mjs package/generated/api.github.com.json package/schema.graphql
 *
 * The whole description has 73 MB and 1,100 operations; the bed answers those listed here. Texts and examples are left
 * out, and of the answers all but the documented ones with a JSON schema. Both packages are MIT, (c) Octokit contributors.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  printType,
} from 'graphql';

const REPO = '/repos/{owner}/{repo}';
const OPERATIONS = [
  `GET ${REPO}`,
  `GET ${REPO}/actions/artifacts/{artifact_id}`,
  `GET ${REPO}/actions/artifacts/{artifact_id}/{archive_format}`,
  `GET ${REPO}/actions/permissions/workflow`,
  `GET ${REPO}/actions/runs/{run_id}`,
  `GET ${REPO}/actions/runs/{run_id}/artifacts`,
  `POST ${REPO}/actions/runs/{run_id}/rerun`,
  `GET ${REPO}/actions/workflows`,
  `POST ${REPO}/actions/workflows/{workflow_id}/dispatches`,
  `GET ${REPO}/actions/workflows/{workflow_id}/runs`,
  `GET ${REPO}/branches/{branch}`,
  `POST ${REPO}/check-runs`,
  `PATCH ${REPO}/check-runs/{check_run_id}`,
  `GET ${REPO}/collaborators/{username}/permission`,
  `GET ${REPO}/commits/{commit_sha}/pulls`,
  `GET ${REPO}/commits/{ref}/check-runs`,
  `GET ${REPO}/compare/{basehead}`,
  `GET ${REPO}/deployments`,
  `POST ${REPO}/deployments`,
  `GET ${REPO}/deployments/{deployment_id}/statuses`,
  `POST ${REPO}/deployments/{deployment_id}/statuses`,
  `POST ${REPO}/dispatches`,
  `POST ${REPO}/issues/{issue_number}/comments`,
  `GET ${REPO}/issues/comments/{comment_id}`,
  `PATCH ${REPO}/issues/comments/{comment_id}`,
  `DELETE ${REPO}/issues/comments/{comment_id}`,
  `POST ${REPO}/issues/comments/{comment_id}/reactions`,
  `POST ${REPO}/git/refs`,
  `DELETE ${REPO}/git/refs/{ref}`,
  `GET ${REPO}/pulls`,
  `GET ${REPO}/pulls/{pull_number}`,
  `GET ${REPO}/releases`,
  `POST ${REPO}/releases`,
  `GET ${REPO}/releases/assets/{asset_id}`,
  `DELETE ${REPO}/releases/assets/{asset_id}`,
  `PATCH ${REPO}/releases/assets/{asset_id}`,
  `GET ${REPO}/releases/tags/{tag}`,
  `GET ${REPO}/releases/{release_id}`,
  `PATCH ${REPO}/releases/{release_id}`,
  `DELETE ${REPO}/releases/{release_id}`,
  `GET ${REPO}/releases/{release_id}/assets`,
  `POST ${REPO}/releases/{release_id}/assets`,
  `GET ${REPO}/rules/branches/{branch}`,
];
/** Of GraphQL: types, and of each the fields in use. Interfaces are left out. */
const TYPES = {
  Query: ['repository', 'viewer'],
  Mutation: ['minimizeComment'],
  Repository: ['pullRequest', 'release'],
  Release: ['releaseAssets', 'tagName'],
  ReleaseAssetConnection: ['nodes', 'totalCount'],
  ReleaseAsset: ['name', 'size'],
  PullRequest: ['comments', 'headRefOid', 'number', 'state'],
  User: ['login'],
  Actor: ['login'],
  IssueCommentConnection: ['nodes', 'pageInfo', 'totalCount'],
  IssueComment: ['author', 'body', 'databaseId', 'id', 'isMinimized', 'url', 'viewerDidAuthor'],
  PageInfo: ['endCursor', 'hasNextPage', 'hasPreviousPage', 'startCursor'],
  MinimizeCommentPayload: ['clientMutationId', 'minimizedComment'],
  Minimizable: ['isMinimized'],
  MinimizeCommentInput: undefined,
  ReportedContentClassifiers: undefined,
  IssueCommentOrder: undefined,
  IssueCommentOrderField: undefined,
  OrderDirection: undefined,
  PullRequestState: undefined,
};
const ACTORS = ['Bot', 'User', 'Mannequin', 'EnterpriseUserAccount', 'Organization'];

const [, , restFile, graphqlFile] = argv;
const beside = (name) => fileURLToPath(new URL(name, import.meta.url));
const description = JSON.parse(readFileSync(restFile, 'utf8'));

/** Schemas without words; references stay, and what they lead to is collected. */
const DROPPED = new Set([
  'description',
  'example',
  'examples',
  'title',
  'externalDocs',
  'x-github',
  'deprecated',
]);
const components = {};
function strip(node, inProperties = false) {
  if (Array.isArray(node)) return node.map((one) => strip(one));
  if (typeof node !== 'object' || node === null) return node;
  if (typeof node.$ref === 'string') return { $ref: collect(node.$ref) };
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => inProperties || !DROPPED.has(key))
      .map(([key, value]) => [key, strip(value, key === 'properties' && !inProperties)]),
  );
}
function collect(reference) {
  const name = reference.split('/').at(-1);
  const kind = reference.split('/').at(-2);
  if (kind !== 'schemas') throw new Error(`unexpected reference ${reference}`);
  if (!(name in components)) {
    components[name] = true;
    components[name] = strip(description.components.schemas[name]);
  }
  return `#/components/${name}`;
}
function resolve(node) {
  if (typeof node.$ref !== 'string') return node;
  return node.$ref
    .split('/')
    .slice(1)
    .reduce((at, key) => at[key], description);
}

const operations = {};
for (const name of OPERATIONS) {
  const [method, path] = name.split(' ');
  const operation = description.paths[path]?.[method.toLowerCase()];
  if (!operation) throw new Error(`${name} is not documented`);
  const parameters = (operation.parameters ?? []).map(resolve);
  const body = operation.requestBody?.content?.['application/json']?.schema;
  operations[name] = {
    parameters: parameters
      .filter((one) => one.in === 'path' || one.in === 'query')
      .map((one) => ({
        name: one.name,
        in: one.in,
        required: one.required === true,
        schema: strip(one.schema),
      })),
    ...(body === undefined
      ? {}
      : { body: strip(body), bodyRequired: operation.requestBody.required === true }),
    ...(operation.servers ? { server: operation.servers[0].url } : {}),
    answers: Object.fromEntries(
      Object.entries(operation.responses).map(([status, answer]) => {
        const schema = resolve(answer).content?.['application/json']?.schema;
        return [status, schema === undefined ? null : strip(schema)];
      }),
    ),
  };
}
const rest = {
  source: `GitHub REST API ${description.info.version}, @octokit/openapi`,
  operations,
  components,
};
writeFileSync(beside('rest.json'), `${JSON.stringify(rest)}\n`);

/** Keeps the signature of each field in use as it is published. */
const schema = buildSchema(readFileSync(graphqlFile, 'utf8'), { assumeValidSDL: true });
const kept = new Set([...Object.keys(TYPES), ...ACTORS]);
const parts = ['# Extract of the public schema of GitHub GraphQL (@octokit/graphql-schema), by extract.mjs.'];
const scalars = new Set();
for (const name of kept) {
  const type = schema.getType(name);
  if (isEnumType(type) || isInputObjectType(type)) {
    parts.push(withoutWords(printType(type)));
    continue;
  }
  const fields = TYPES[name] ?? ['login'];
  const all = type.getFields();
  const lines = fields.map((field) => {
    const { args, type: result } = all[field];
    const shown = args.map(
      (one) =>
        `${one.name}: ${one.type}${one.defaultValue === undefined ? '' : ` = ${JSON.stringify(one.defaultValue)}`}`,
    );
    return `  ${field}${shown.length > 0 ? `(${shown.join(', ')})` : ''}: ${result}`;
  });
  const implemented = isObjectType(type)
    ? type
        .getInterfaces()
        .map((one) => one.name)
        .filter((one) => kept.has(one))
    : [];
  const kind = isInterfaceType(type) ? 'interface' : 'type';
  parts.push(
    `${kind} ${name}${implemented.length > 0 ? ` implements ${implemented.join(' & ')}` : ''} {\n${lines.join('\n')}\n}`,
  );
}
for (const [, used] of parts.join('\n').matchAll(/: \[?([A-Z]\w+)/g)) {
  if (!kept.has(used) && !['String', 'Int', 'Boolean', 'ID', 'Float'].includes(used)) scalars.add(used);
}
parts.push(...[...scalars].map((name) => `scalar ${name}`));
writeFileSync(beside('schema.graphql'), `${parts.join('\n\n')}\n`);

function withoutWords(text) {
  return text.replace(/"""[\s\S]*?"""\n?\s*/g, '').replace(/\n\s*\n/g, '\n');
}
