<?php

// AWS's SDK is not in Debian: what Laravel's queue calls of it, on the client that is.

namespace Aws\Sqs;

class SqsClient
{
    private \AsyncAws\Sqs\SqsClient $client;

    public function __construct(array $options)
    {
        $this->client = new \AsyncAws\Sqs\SqsClient(['region' => $options['region']]);
    }

    public function receiveMessage(array $wish): array
    {
        $found = $this->client->receiveMessage($wish + ['MessageSystemAttributeNames' => ['All'], 'WaitTimeSeconds' => 2]);
        $messages = array_map(fn ($one) => [
            'MessageId' => $one->getMessageId(),
            'ReceiptHandle' => $one->getReceiptHandle(),
            'Body' => $one->getBody(),
            'Attributes' => ['ApproximateReceiveCount' => $one->getAttributes()['ApproximateReceiveCount'] ?? 1],
        ], iterator_to_array($found->getMessages()));

        return ['Messages' => $messages ?: null];
    }

    public function sendMessage(array $message): \Illuminate\Support\Collection
    {
        return collect(['MessageId' => $this->client->sendMessage($message)->getMessageId()]);
    }

    public function deleteMessage(array $message): void
    {
        $this->client->deleteMessage($message)->resolve();
    }

    public function changeMessageVisibility(array $message): void
    {
        $this->client->changeMessageVisibility($message)->resolve();
    }

    public function getQueueAttributes(array $wish): \Illuminate\Support\Collection
    {
        $found = $this->client->getQueueAttributes($wish + ['AttributeNames' => ['ApproximateNumberOfMessages']]);

        return collect(['Attributes' => $found->getAttributes()]);
    }
}
